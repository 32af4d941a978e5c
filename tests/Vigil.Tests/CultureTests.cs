using System.Globalization;

namespace Vigil.Tests;

/// <summary>Texts are the same in every culture of the thread: programs read logs, too.</summary>
public sealed class CultureTests
{
    [Fact]
    public void Reports_messages_and_descriptions_are_the_same_under_every_culture()
    {
        string[] expected = Texts(CultureInfo.InvariantCulture);
        Assert.Contains("23.456 ms (budget 10.5 ms)", string.Join('\n', expected), StringComparison.Ordinal);
        Assert.Equal(expected, Texts(Strange()));
    }

    // Made by hand, because a program without ICU, or built with InvariantGlobalization, has no other culture. It formats everything
    // unusually.
    private static CultureInfo Strange()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = "\u066B";
        culture.NumberFormat.NumberGroupSeparator = "\u066C";
        culture.NumberFormat.NegativeSign = "\u2212";
        culture.NumberFormat.PositiveSign = "\u2795";
        culture.DateTimeFormat.ShortDatePattern = "yyyy~MM~dd";
        culture.DateTimeFormat.LongTimePattern = "HH~mm~ss";
        Assert.Equal("\u22121\u066B5", (-1.5).ToString(culture));
        return culture;
    }

    private static string[] Texts(CultureInfo culture)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            return [.. Texts()];
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static IEnumerable<string> Texts()
    {
        TimeSpan some = TimeSpan.FromMicroseconds(23_456);
        TimeSpan budget = TimeSpan.FromMilliseconds(10.5);
        foreach (SlowCallbackKind kind in Enum.GetValues<SlowCallbackKind>())
        {
            SlowCallbackReport slow = new(kind, "manager", "callback")
            {
                Elapsed = some,
                Budget = budget,
                OverrunsBefore = 1234,
                Suppressed = 5678,
            };
            yield return $"{slow}";
        }

        WorkWaitingReport waiting = new("pool", "work")
        {
            Waited = some,
            Limit = budget,
            Threads = [new WorkerActivity { Thread = 3, Work = "work", Elapsed = some }],
            Suppressed = 1234,
        };
        yield return $"{waiting}";
        var durations = new DurationSummary { Count = 1234, Mean = some, Median = some, P99 = some, Max = some * 1000 };
        yield return $"{durations}";
        EventManagerStatistics loop = new()
        {
            Iterations = 1,
            TimerCallbacks = 2,
            SourceCallbacks = 3,
            PostedCallbacks = 4,
            DeferredCallbacks = 5,
            Posts = 6,
            BusyTime = some,
            IdleTime = some * 2,
            Lag = durations,
            TimerLateness = durations,
            StaleEvents = 7,
            OrphanedEvents = 8,
            Faults = 9,
        };
        yield return $"{loop}";
        WorkerPoolStatistics workers = new()
        {
            Queued = 1,
            Running = 2,
            Done = 3,
            Failed = 4,
            Stolen = 5,
            Cancelled = 6,
            Rejected = 7,
            RunByCallers = 8,
            WaitTimes = durations,
            RunTimes = durations,
        };
        yield return $"{workers}";
        yield return $"{new SignalInfo(Signal.SIGUSR1) { Code = -6, SenderProcessId = 1234, Value = -5678 }}";
        yield return $"{new TimerTick(some, 1234)} {new ClockStep(-some)} {new ChildExit(139, null)} {new ChildExit(null, Signal.SIGTERM)}";
        yield return $"{WorkTarget.Thread(1234)} {new Events(new FileDescriptor(1234), EventSet.In)}";
        yield return Message(() => new WatchdogOptions { SamplingPeriod = budget, CallbackBudget = TimeSpan.FromMilliseconds(1) });
        yield return Message(() => new WatchdogOptions { SamplingPeriod = some * 1000 });
        using var manager = new EventManager(new EventManagerOptions { Name = "manager" });
        TimerEvent timer = manager.CreateTimerEvent(some, (_, _) => { });
        yield return $"{manager} {timer}";
    }

    private static string Message(Func<WatchdogOptions> options) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EventManager(new EventManagerOptions { Watchdog = options() })).Message;
}
