using System.Globalization;

namespace Vigil;

/// <summary>How a manager's callbacks are watched (<see cref="EventManagerOptions.Watchdog"/>). Copied and checked when the manager is constructed.</summary>
/// <remarks>
/// The loop publishes what it runs, one store a callback. A thread of the process looks at it each <see cref="SamplingPeriod"/>, and sleeps while all loops do. All
/// times are of the monotonic clock, whatever <see cref="EventManagerOptions.TimeProvider"/> the manager has.
/// </remarks>
public sealed class WatchdogOptions
{
    /// <summary>
    /// How long a callback may take; more than zero, or <see cref="Timeout.InfiniteTimeSpan"/> for any time. Single owners may have budgets of their own
    /// (<see cref="CallbackEvent.Budget"/>, <see cref="EventManager.SetBudget"/>). Default: 50 ms.
    /// </summary>
    public TimeSpan CallbackBudget { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long one phase of an iteration may take in all although each callback in it keeps its budget; more than zero, or <see cref="Timeout.InfiniteTimeSpan"/>. The time of
    /// callbacks that are reported themselves, and of those whose own budget is greater, is not counted. Default: 200 ms.
    /// </summary>
    public TimeSpan PhaseBudget { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the loop is looked at while it is busy, 1 ms to 1 s. Without <see cref="ExactTiming"/> ages are short of the truth by up to this, and no budget may be below it. Default: 10 ms.</summary>
    public TimeSpan SamplingPeriod { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Whether the loop itself reads the clock after each callback, for 20 to 80 ns: then times are exact, and callbacks are noticed that exceed a budget below
    /// <see cref="SamplingPeriod"/>, if only when they return. Default: false.
    /// </summary>
    public bool ExactTiming { get; set; }

    /// <summary>What becomes of a callback that exceeds its budget. Default: <see cref="SlowCallbackPolicy.Report"/>.</summary>
    public SlowCallbackPolicy Policy { get; set; }

    /// <summary>For how long after a report nothing more is reported of the same owner, zero or more; what exceeds its budget meanwhile is counted, and told in the next report; what still runs then is reported itself. The policy applies all the same. Default: 1 s.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    internal WatchdogOptions Validate()
    {
        var copy = (WatchdogOptions)MemberwiseClone();
        Check(copy.SamplingPeriod >= TimeSpan.FromMilliseconds(1) && copy.SamplingPeriod <= TimeSpan.FromSeconds(1), nameof(SamplingPeriod), copy.SamplingPeriod, "1 ms to 1 s");
        Check(Enum.IsDefined(copy.Policy), nameof(Policy), copy.Policy, "Report, Detach, Stop or FailFast");
        Check(copy.ReportInterval >= TimeSpan.Zero, nameof(ReportInterval), copy.ReportInterval, "zero or more");
        copy.RequireBudget(copy.CallbackBudget, Option(nameof(CallbackBudget)));
        copy.RequireBudget(copy.PhaseBudget, Option(nameof(PhaseBudget)));
        Check(copy.PhaseBudget == Timeout.InfiniteTimeSpan || copy.PhaseBudget >= copy.SamplingPeriod, nameof(PhaseBudget), copy.PhaseBudget, "the sampling period or more, since phases are only sampled");
        return copy;
    }

    /// <summary>Checks what the budget of a callback may be.</summary>
    internal void RequireBudget(TimeSpan budget, string parameter)
    {
        RequirePositive(budget, parameter);
        if (!ExactTiming && budget != Timeout.InfiniteTimeSpan && budget < SamplingPeriod)
        {
            string period = SamplingPeriod.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
            throw new ArgumentOutOfRangeException(parameter, budget, $"A budget below WatchdogOptions.SamplingPeriod ({period} ms) cannot be seen by sampling: set WatchdogOptions.ExactTiming, or a shorter period.");
        }
    }

    internal static void RequirePositive(TimeSpan budget, string parameter)
    {
        if (budget <= TimeSpan.Zero && budget != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(parameter, budget, "A budget is more than zero, or Timeout.InfiniteTimeSpan for any time.");
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
