using Compare.Peers;

namespace Compare.Cases;

/// <summary>The rows of the report. A quick run has smaller numbers where the full ones take long to set up.</summary>
internal static class CaseCatalogue
{
    private const string Dispatch = "Dispatch";
    private const string Ring = "Socket-pair ring";
    private const string Posts = "Posts";
    private const string Timers = "Timers";
    private const string Workers = "Workers";
    private const string Memory = "Memory";
    private const string Life = "Life";
    private const string Files = "Files";

    /// <summary>The groups in their order.</summary>
    public static IEnumerable<string> Groups => Create(Pace.Full, load: null).Select(each => each.Group).Distinct(StringComparer.Ordinal);

    /// <param name="pace">The amounts and times.</param>
    /// <param name="load">The load generator of servers; null if it could not be built.</param>
    public static IEnumerable<Case> Create(Pace pace, Peer? load) =>
    [
        .. DispatchCases(pace),
        .. RingCases(pace),
        .. PostCases(),
        .. TimerCases(pace),
        .. EchoCases(pace, load),
        .. pace.Choose<int[]>([80_000, 160_000, 320_000, 400_000], [20_000]).Select(rate => new StatsDCase(load, rate)),
        .. WorkerCases(pace),
        .. MemoryCases(pace),
        .. LifeCases(pace),
        new OperationCase(
            Files,
            $"{pace.Choose(5_000, 200):N0} files created and deleted while they are watched",
            "files",
            Amount.Exactly(pace.Choose(5_000, 200)),
            new Figure("events a second", Unit.PerSecond) { IsPlotted = true }) { Rounds = 7 },
    ];

    private static IEnumerable<Case> DispatchCases(Pace pace)
    {
        int many = pace.Choose(10_000, 1_000);
        foreach ((int registered, int ready) in ((int, int)[])[(1, 1), (200, 200), (many, many), (200, 9)])
        {
            string name = ready == registered ? $"{ready:N0} ready" : $"{ready} of {registered} ready";
            yield return new OperationCase(
                Dispatch,
                $"{name}, an event",
                $"dispatch {registered} {ready}",
                Amount.ToTakeTime(first: 200),
                Figure.Time)
            { Rounds = 15 };
        }
    }

    private static IEnumerable<Case> RingCases(Pace pace)
    {
        foreach (int pairs in pace.Choose<int[]>([100, 1_000, 9_900], [100]))
        {
            foreach (int active in (int[])[1, 100])
            {
                yield return new OperationCase(
                    Ring,
                    $"{pairs:N0} pairs, {active} active, a write",
                    $"ring {pairs} {active}",
                    Amount.ToTakeTime(),
                    Figure.Time)
                { Rounds = 9 };
            }
        }
    }

    private static IEnumerable<Case> PostCases() =>
    [
        new OperationCase(Posts, "1 thread posts, a post", "post 1", Amount.ToTakeTime(first: 10_000), Figure.Time) { Rounds = 7 },
        new OperationCase(Posts, "4 threads post, a post", "post 4", Amount.ToTakeTime(first: 10_000), Figure.Time) { Rounds = 7 },
        new OperationCase(Posts, "ping-pong, a round trip", "pingpong 0", Amount.ToTakeTime(first: 100), Figure.Time) { Rounds = 7 },
        new OperationCase(
            Posts,
            "ping-pong, spin 50 µs, a round trip",
            "pingpong-spin 50",
            Amount.ToTakeTime(first: 100),
            Figure.Time) { Rounds = 7 },
    ];

    private static IEnumerable<Case> TimerCases(Pace pace)
    {
        foreach (int outstanding in pace.Choose<int[]>([0, 100_000, 1_000_000], [1_000]))
        {
            yield return new OperationCase(
                Timers,
                $"start and cancel, 1,000 in turn, {outstanding:N0} outstanding",
                $"restart {outstanding}",
                Amount.ToTakeTime(),
                Figure.Time);
            yield return new OperationCase(
                Timers,
                $"start and cancel, 1,000 in turn, {outstanding:N0} outstanding, clock read",
                $"restart-clock {outstanding}",
                Amount.ToTakeTime(),
                Figure.Time);
        }

        int firing = pace.Choose(100_000, 2_000);
        int spread = pace.Choose(1_000_000, 100_000);
        yield return new OperationCase(Timers, $"{firing:N0} firing, one due time, each", "fire 0", Amount.Exactly(firing), Figure.Time);
        yield return new OperationCase(
            Timers,
            $"{firing:N0} firing, due at random within {spread / 1_000:N0} ms, each",
            $"fire-random {spread}",
            Amount.Exactly(firing),
            Figure.Time);
        yield return new OperationCase(
            Timers,
            $"1 ms periodic, {pace.Choose("10", "0.1")} s",
            "periodic 1000",
            Amount.Exactly(pace.Choose(10_000, 100)),
            new Figure("mean period", Unit.Nanoseconds),
            new Figure("lateness p50", Unit.Nanoseconds),
            new Figure("lateness p99", Unit.Nanoseconds),
            new Figure("lateness max", Unit.Nanoseconds),
            new Figure("CPU a tick", Unit.Nanoseconds));
    }

    private static IEnumerable<Case> EchoCases(Pace pace, Peer? load)
    {
        foreach (int connections in pace.Choose<int[]>([1, 50, 500, 5_000], [20]))
        {
            foreach (int bytes in (int[])[64, 16 * 1024])
            {
                foreach (int depth in (int[])[1, 16])
                {
                    yield return new EchoCase(load, connections, bytes, depth);
                }
            }
        }
    }

    private static IEnumerable<Case> WorkerCases(Pace pace)
    {
        int waits = pace.Choose(500, 10);
        Figure[] latency = [new("median", Unit.Nanoseconds) { IsPlotted = true }, new("p99", Unit.Nanoseconds)];
        yield return new OperationCase(Workers, "items that only count, 1 sender, each", "work 0", Amount.ToTakeTime(), Figure.Time);
        yield return new OperationCase(
            Workers,
            "items that only count, 4 senders, each",
            "work-from-4 0",
            Amount.ToTakeTime(),
            Figure.Time);
        yield return new OperationCase(Workers, "items of 100 µs, 1 sender, each", "work 100", Amount.ToTakeTime(first: 100), Figure.Time);
        yield return new OperationCase(
            Workers,
            "from sending to beginning, pauses of 2 ms, everybody asleep",
            "work-latency 2000",
            Amount.Exactly(waits),
            latency)
        { Rounds = 7 };
        yield return new OperationCase(
            Workers,
            "from sending to beginning, pauses of 2 ms, high priority in a flood of low items of 100 µs",
            "work-flooded 2000",
            Amount.Exactly(waits),
            latency)
        { Rounds = 7 };
    }

    private static IEnumerable<Case> MemoryCases(Pace pace) =>
    [
        MemoryOf("registered fd", "memory-fd", pace.Choose(10_000, 1_000)),
        MemoryOf("timer", "memory-timer", pace.Choose(100_000, 10_000)),
        MemoryOf("subscriber", "memory-subscriber", 10_000),
    ];

    private static OperationCase MemoryOf(string what, string measurement, int count) =>
        new(Memory, $"a {what}, of {count:N0}", measurement, Amount.Exactly(count), Figure.Memory) { Rounds = 1 };

    private static IEnumerable<Case> LifeCases(Pace pace) =>
    [
        new OperationCase(Life, "a loop created and disposed", "startup", Amount.ToTakeTime(first: 100), Figure.Time),
        new OperationCase(
            Life,
            "the first loop of a process, created and disposed",
            "startup",
            Amount.Exactly(1),
            Figure.Time) { IsCold = true },
        new IdleCase(pace.Idle) { Rounds = 3 },
    ];
}
