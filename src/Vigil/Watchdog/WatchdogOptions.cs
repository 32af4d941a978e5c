using System.Globalization;

namespace Vigil;

/// <summary>
/// How a manager's callbacks are watched (<see cref="EventManagerOptions.Watchdog"/>). Copied and checked when the manager is constructed.
/// </summary>
/// <remarks>
/// The loop publishes what it runs, with one store per callback. One thread of the process reads it once per <see cref="SamplingPeriod"/>,
/// and sleeps while all loops sleep. All times are of the monotonic clock, whatever the manager's
/// <see cref="EventManagerOptions.TimeProvider"/>.
/// </remarks>
public sealed class WatchdogOptions
{
    /// <summary>
    /// How long a callback may take; more than zero, or <see cref="Timeout.InfiniteTimeSpan"/> for any time. Single owners may have their
    /// own budgets (<see cref="CallbackEvent.Budget"/>, <see cref="EventManager.SetBudget"/>). Default: 50 ms.
    /// </summary>
    public TimeSpan CallbackBudget { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long one phase of an iteration may take in total, even if each of its callbacks keeps its budget; more than zero, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>. Callbacks that are reported themselves, and those with a greater budget of their own, are
    /// not counted. Default: 200 ms.
    /// </summary>
    public TimeSpan PhaseBudget { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How often a busy loop is sampled, 1 ms to 1 s. Without <see cref="ExactTiming"/> ages are short by up to this period, and no budget
    /// may be below it. Default: 10 ms.
    /// </summary>
    public TimeSpan SamplingPeriod { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Whether the loop itself reads the clock after each callback, which costs 20 to 80 ns. Times are then exact, and callbacks that
    /// exceed a budget below <see cref="SamplingPeriod"/> are noticed when they return. Default: false.
    /// </summary>
    public bool ExactTiming { get; set; }

    /// <summary>What happens to a callback that exceeds its budget. Default: <see cref="SlowCallbackPolicy.Report"/>.</summary>
    public SlowCallbackPolicy Policy { get; set; }

    /// <summary>
    /// How long after a report the same owner is not reported again, zero or more. Overruns in that time are counted in the next report;
    /// one that is still running afterwards is then reported itself. The policy applies to all of them. Default: 1 s.
    /// </summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The service manager that learns from the watchdog's thread that the program is alive (<c>WATCHDOG=1</c>), twice in each
    /// <see cref="ServiceNotifier.WatchdogPeriod"/>; and before <see cref="SlowCallbackPolicy.FailFast"/> aborts the program, that it has
    /// failed (<c>WATCHDOG=trigger</c>). Managers may share one; its creator disposes it, after them. Default: null, for none.
    /// </summary>
    public ServiceNotifier? Notifier { get; set; }

    /// <summary>
    /// Whether the program is alive only while this manager is: it has begun a phase since the last sign of life, or it is running and
    /// waits. Without a critical manager, no signs are sent. No effect without a <see cref="Notifier"/>. Default: true.
    /// </summary>
    public bool IsCritical { get; set; } = true;

    /// <summary>Checks the options as the manager's constructor does.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names the option and the range.</exception>
    public void Validate() => _ = ToChecked();

    /// <summary>A checked copy.</summary>
    internal WatchdogOptions ToChecked()
    {
        var copy = (WatchdogOptions)MemberwiseClone();
        Check(
            copy.SamplingPeriod >= TimeSpan.FromMilliseconds(1) && copy.SamplingPeriod <= TimeSpan.FromSeconds(1),
            nameof(SamplingPeriod),
            copy.SamplingPeriod,
            "1 ms to 1 s");
        Check(Enum.IsDefined(copy.Policy), nameof(Policy), copy.Policy, "Report, Detach, Stop or FailFast");
        Check(copy.ReportInterval >= TimeSpan.Zero, nameof(ReportInterval), copy.ReportInterval, "zero or more");
        copy.RequireSeen(copy);
        return copy;
    }

    /// <summary>Checks that a watchdog with this period and timing sees what exceeds the budgets of other options.</summary>
    internal void RequireSeen(WatchdogOptions budgets)
    {
        RequireBudget(budgets.CallbackBudget, Option(nameof(CallbackBudget)));
        RequireBudget(budgets.PhaseBudget, Option(nameof(PhaseBudget)));
        Check(
            budgets.PhaseBudget == Timeout.InfiniteTimeSpan || budgets.PhaseBudget >= SamplingPeriod,
            nameof(PhaseBudget),
            budgets.PhaseBudget,
            "the sampling period or more, since phases are only sampled");
    }

    /// <summary>The names of the options that differ from a manager's and that it cannot change any more.</summary>
    internal IEnumerable<string> FixedDifferences(WatchdogOptions used)
    {
        if (SamplingPeriod != used.SamplingPeriod)
        {
            yield return nameof(SamplingPeriod);
        }

        if (ExactTiming != used.ExactTiming)
        {
            yield return nameof(ExactTiming);
        }

        if (Notifier != used.Notifier)
        {
            yield return nameof(Notifier);
        }

        if (IsCritical != used.IsCritical)
        {
            yield return nameof(IsCritical);
        }
    }

    /// <summary>Checks a callback's budget.</summary>
    internal void RequireBudget(TimeSpan budget, string parameter)
    {
        RequirePositive(budget, parameter);
        if (!ExactTiming && budget != Timeout.InfiniteTimeSpan && budget < SamplingPeriod)
        {
            string period = SamplingPeriod.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
            throw new ArgumentOutOfRangeException(
                parameter,
                budget,
                $"A budget below WatchdogOptions.SamplingPeriod ({period} ms) cannot be seen by sampling:" +
                " set WatchdogOptions.ExactTiming, or a shorter period.");
        }
    }

    internal static void RequirePositive(TimeSpan budget, string parameter)
    {
        if (budget <= TimeSpan.Zero && budget != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(
                parameter, budget, "A budget is more than zero, or Timeout.InfiniteTimeSpan for any time.");
        }
    }

    private static void Check(bool isValid, string option, object value, string allowed)
    {
        if (!isValid)
        {
            throw new ArgumentOutOfRangeException(Option(option), value, $"WatchdogOptions.{option} must be {allowed}.");
        }
    }

    private static string Option(string name) => $"options.Watchdog.{name}";
}
