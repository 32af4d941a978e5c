using Vigil.Polling;

namespace Vigil;

/// <summary>How an <see cref="EventManager"/> is set up. Copied and checked when the manager is constructed.</summary>
public sealed class EventManagerOptions
{
    /// <summary>The maximum <see cref="ReadyCapacity"/>.</summary>
    public const int MaxReadyCapacity = ReadyBuffer.MaxCapacity;

    /// <summary>The manager's name in messages. Default: "EventManager".</summary>
    public string Name { get; set; } = nameof(EventManager);

    /// <summary>
    /// How many ready file descriptors one wait can report, 1 to <see cref="MaxReadyCapacity"/>; the next wait reports the rest. The buffer
    /// starts small and grows to this as needed. Default: 256.
    /// </summary>
    public int ReadyCapacity { get; set; } = 256;

    /// <summary>How exceptions of callbacks are treated. Default: <see cref="FaultPolicy.Throw"/>.</summary>
    public FaultPolicy FaultPolicy { get; set; }

    /// <summary>
    /// How many posted closures one iteration runs before it polls for ready file descriptors again, 1 or more. Default: 256.
    /// </summary>
    public int MailboxBudget { get; set; } = 256;

    /// <summary>
    /// How many posted closures may be queued. Above that <see cref="RemoteEndpoint.TryFire(Action{EventManager})"/> returns false, and
    /// Fire and CallAsync fail with <see cref="EventManagerError.MailboxFull"/>. Blocking calls and continuations of <c>await</c> count but
    /// are never refused. Default: 0, for no bound.
    /// </summary>
    public int MailboxCapacity { get; set; }

    /// <summary>
    /// How long the loop polls before it sleeps, and a blocking caller before it blocks; zero to one second. Sleeping adds a wake-up
    /// latency of about 50 µs on common machines; spinning costs CPU. 20–50 µs pays off if replies come fast. Default: zero.
    /// </summary>
    public TimeSpan SpinBeforeSleep { get; set; }

    /// <summary>
    /// For how many consecutive iterations a level-triggered source may report Error or HangUp before it is disarmed and reported; 2 or
    /// more. The count restarts when its owner changes something or reads from it. An error that is handled each time and recurs does not
    /// count. Default: 1,000.
    /// </summary>
    public int UnhandledHangUpLimit { get; set; } = 1_000;

    /// <summary>
    /// The clock of the manager's timers, delays and <see cref="EventManager.RunOnce(TimeSpan)"/>. A virtual one lets a test run a day in
    /// milliseconds. Its timers must fire whatever the loop does, and wake it. Timeouts of blocking calls and the spin always use real
    /// time. Default: <see cref="TimeProvider.System"/>, for which the kernel's clocks are used directly.
    /// </summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// Makes the manager's poller, once, in the manager's constructor. The manager disposes it. For simulations and replays: the package
    /// Vigil.Testing has pollers that need no kernel. Default: null, for <c>epoll(7)</c>.
    /// </summary>
    public Func<IPoller>? PollerFactory { get; set; }

    /// <summary>
    /// Runs the work of <c>ExecuteWork</c>. Its creator ends it, after the managers that use it. Default: null, for a
    /// <see cref="WorkerPool"/> of the manager's own with one thread per processor, which starts with the first work and ends with the
    /// manager.
    /// </summary>
    public IWorkExecutor? Workers { get; set; }

    /// <summary>
    /// Whether the loop counts and measures for <see cref="EventManager.GetStatistics"/> from its first iteration on, even without a
    /// listener to the meter "Vigil". It costs two clock readings per iteration. Default: false.
    /// </summary>
    public bool CollectStatistics { get; set; }

    /// <summary>How slow callbacks are watched for (docs/watchdog.md). Default: null, for no watching and no cost.</summary>
    public WatchdogOptions? Watchdog { get; set; }

    /// <summary>
    /// Records what the manager gets from outside, or replays it. Its creator disposes it, after the manager. Default: null, for no
    /// recording and no cost.
    /// </summary>
    public Recorder? Recorder { get; set; }

    /// <summary>
    /// Checks the options as the manager's constructor does. For settings that are to be refused before anything is made of them.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names the option and the range.</exception>
    public void Validate() => _ = ToChecked();

    /// <summary>A checked copy.</summary>
    internal EventManagerOptions ToChecked()
    {
        var copy = (EventManagerOptions)MemberwiseClone();
        ArgumentException.ThrowIfNullOrWhiteSpace(copy.Name, Option(nameof(Name)));
        Check(copy.ReadyCapacity is >= 1 and <= MaxReadyCapacity, nameof(ReadyCapacity), copy.ReadyCapacity, $"1 to {MaxReadyCapacity}");
        Check(Enum.IsDefined(copy.FaultPolicy), nameof(FaultPolicy), copy.FaultPolicy, "Throw, Detach or Report");
        Check(copy.MailboxBudget >= 1, nameof(MailboxBudget), copy.MailboxBudget, "1 or more");
        Check(copy.MailboxCapacity >= 0, nameof(MailboxCapacity), copy.MailboxCapacity, "0 (no bound) or more");
        Check(
            copy.SpinBeforeSleep >= TimeSpan.Zero && copy.SpinBeforeSleep <= TimeSpan.FromSeconds(1),
            nameof(SpinBeforeSleep),
            copy.SpinBeforeSleep,
            "zero to one second");
        Check(copy.UnhandledHangUpLimit >= 2, nameof(UnhandledHangUpLimit), copy.UnhandledHangUpLimit, "2 or more");
        ArgumentNullException.ThrowIfNull(copy.TimeProvider, Option(nameof(TimeProvider)));
        if (copy.Recorder is not null && copy.SpinBeforeSleep > TimeSpan.Zero)
        {
            throw new ArgumentException(
                "A recorded loop does not spin: how often it looks depends on the processor. "
                    + "Leave EventManagerOptions.SpinBeforeSleep zero.",
                Option(nameof(SpinBeforeSleep)));
        }

        copy.Watchdog = copy.Watchdog?.ToChecked();
        return copy;
    }

    /// <summary>
    /// The names of the options that differ from a manager's and that it cannot change any more (<see cref="EventManager.Reconfigure"/>).
    /// Both were checked.
    /// </summary>
    internal IReadOnlyList<string> FixedDifferences(EventManagerOptions used)
    {
        List<string> names = [];
        Compare(Name, used.Name, nameof(Name));
        Compare(ReadyCapacity, used.ReadyCapacity, nameof(ReadyCapacity));
        Compare(MailboxCapacity, used.MailboxCapacity, nameof(MailboxCapacity));
        Compare(SpinBeforeSleep, used.SpinBeforeSleep, nameof(SpinBeforeSleep));
        Compare(TimeProvider, used.TimeProvider, nameof(TimeProvider));
        Compare(PollerFactory, used.PollerFactory, nameof(PollerFactory));
        Compare(Workers, used.Workers, nameof(Workers));
        Compare(CollectStatistics, used.CollectStatistics, nameof(CollectStatistics));
        Compare(Recorder, used.Recorder, nameof(Recorder));
        if (Watchdog is null || used.Watchdog is null)
        {
            Compare(Watchdog, used.Watchdog, nameof(Watchdog));
        }
        else
        {
            names.AddRange(Watchdog.FixedDifferences(used.Watchdog).Select(name => $"{nameof(Watchdog)}.{name}"));
        }

        return names;

        void Compare<T>(T wanted, T present, string name)
        {
            if (!EqualityComparer<T>.Default.Equals(wanted, present))
            {
                names.Add(name);
            }
        }
    }

    private static void Check(bool isValid, string option, object value, string allowed)
    {
        if (!isValid)
        {
            throw new ArgumentOutOfRangeException(Option(option), value, $"EventManagerOptions.{option} must be {allowed}.");
        }
    }

    private static string Option(string name) => $"options.{name}";
}
