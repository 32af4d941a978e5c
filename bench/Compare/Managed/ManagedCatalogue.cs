using Vigil;
using Vigil.Benchmarks.Files;
using Vigil.Benchmarks.Timers;
using Vigil.Benchmarks.Workers;
using Vigil.Benchmarks.Workloads;

namespace Compare.Managed;

/// <summary>The measurements of the .NET peers. Numbers are those of the measurement's name in the C drivers, without the last
/// one.</summary>
internal static class ManagedCatalogue
{
    // For a timer that ticks every four milliseconds at best, so that it takes as long as the others.
    private const int SlowTicks = 4;

    private static readonly Dictionary<string, Dictionary<string, Func<int[], Measurement>>> Peers = new(StringComparer.Ordinal)
    {
        ["vigil"] = Of(
            ("dispatch", numbers => new Timed(
                new DispatchWorkload(new Readiness(numbers[0], numbers[1]), LoopMode.Run),
                multiple: numbers[1])),
            ("ring", numbers => new Timed(new VigilRing(numbers[0], numbers[1]))),
            ("post", numbers => new Timed(new PostRounds(new VigilMailbox(), numbers[0]), multiple: numbers[0])),
            ("pingpong", numbers => new Timed(new CallBlockingWorkload(TimeSpan.Zero))),
            ("pingpong-spin", numbers => new Timed(new CallBlockingWorkload(TimeSpan.FromMicroseconds(numbers[0])))),
            ("restart", numbers => Restarts(new VigilRestarting(numbers[0], readsClock: false))),
            ("restart-clock", numbers => Restarts(new VigilRestarting(numbers[0], readsClock: true))),
            ("fire", _ => new Taken(count => Firing.MeasureVigil(count, TimeSpan.Zero))),
            ("fire-random", numbers => new Taken(count => Firing.MeasureVigil(count, TimeSpan.FromMicroseconds(numbers[0])))),
            ("periodic", _ => Ticks(Periodic.MeasureVigil, divisor: 1)),
            ("echo", _ => new Serving(VigilEcho.Start(new EventManagerOptions()))),
            ("statsd", numbers => new Serving(GatewayProgram.Start(numbers[0], numbers[1]))),
            ("work", numbers => Work(Crew.Vigil, senders: 1, numbers[0])),
            ("work-from-4", numbers => Work(Crew.Vigil, senders: 4, numbers[0])),
            ("work-latency", numbers => IdleLatency(Crew.Vigil, numbers[0])),
            ("work-flooded", numbers => FloodedLatency(Crew.Vigil, numbers[0])),
            ("memory-fd", _ => new Taken(_ => RegisteredMemory.Measure())),
            ("memory-timer", _ => new Taken(_ => TimerMemory.MeasureVigil())),
            ("memory-subscriber", _ => new Taken(SubscriberMemory.Measure)),
            ("startup", _ => new Timed(new StartupWorkload())),
            ("idle", _ => new Serving(Idlers.StartVigil())),
            ("files", _ => new Taken(Flood.Vigil))),
        ["vigil-spin"] = Of(
            ("echo-spin", _ => new Serving(VigilEcho.Start(new EventManagerOptions { SpinBeforeSleep = TimeSpan.FromMicroseconds(50) })))),
        ["vigil-default-buffer"] = Of(
            ("statsd", numbers => new Serving(
                GatewayProgram.Start(numbers[0], numbers[1], "--receive-buffer", $"{GatewayProgram.DefaultBuffer}")))),
        ["socket"] = Of(
            ("ring", numbers => new Timed(new SocketRing(numbers[0], numbers[1]))),
            ("echo", _ => new Serving(SocketEcho.Start())),
            ("idle", _ => new Serving(Idlers.StartSocket()))),
        ["timer"] = Of(
            ("restart-clock", numbers => Restarts(new FrameworkRestarting(numbers[0]))),
            ("fire", _ => new Taken(count => Firing.MeasureFramework(count, TimeSpan.Zero))),
            ("fire-random", numbers => new Taken(count => Firing.MeasureFramework(count, TimeSpan.FromMicroseconds(numbers[0])))),
            ("periodic", _ => Ticks(Periodic.MeasureTimer, SlowTicks)),
            ("memory-timer", _ => new Taken(_ => TimerMemory.MeasureFramework()))),
        ["periodic-timer"] = Of(("periodic", _ => Ticks(Periodic.MeasurePeriodicTimer, SlowTicks))),
        ["channel"] = Of(
            ("post", numbers => new Timed(new PostRounds(new ChannelMailbox(), numbers[0]), multiple: numbers[0])),
            ("pingpong", _ => new Timed(new PingPong(new ChannelMailbox())))),
        ["blocking-collection"] = Of(
            ("post", numbers => new Timed(new PostRounds(new BlockingMailbox(), numbers[0]), multiple: numbers[0])),
            ("pingpong", _ => new Timed(new PingPong(new BlockingMailbox())))),
        ["thread-pool"] = Of(
            ("post", numbers => new Timed(new PostRounds(new ThreadPoolMailbox(), numbers[0]), multiple: numbers[0])),
            ("pingpong", _ => new Timed(new PingPong(new ThreadPoolMailbox()))),
            ("work", numbers => Work(Crew.ThreadPool, senders: 1, numbers[0])),
            ("work-from-4", numbers => Work(Crew.ThreadPool, senders: 4, numbers[0])),
            ("work-latency", numbers => IdleLatency(Crew.ThreadPool, numbers[0])),
            ("work-flooded", numbers => FloodedLatency(Crew.ThreadPool, numbers[0]))),

        // Latency in a flood is not measured: a task started by a task goes to its thread's own queue, which is served first, so an endless
        // flood starves everything else.
        ["task-run"] = Of(
            ("work", numbers => Work(Crew.Tasks, senders: 1, numbers[0])),
            ("work-from-4", numbers => Work(Crew.Tasks, senders: 4, numbers[0])),
            ("work-latency", numbers => IdleLatency(Crew.Tasks, numbers[0]))),
        ["file-system-watcher"] = Of(("files", _ => new Taken(Flood.Framework))),
    };

    public static bool Has(string peer, string measurement) =>
        Peers.TryGetValue(peer, out Dictionary<string, Func<int[], Measurement>>? all) && all.ContainsKey(measurement);

    public static Measurement Create(string peer, string measurement, int[] numbers) => Peers[peer][measurement](numbers);

    private static Dictionary<string, Func<int[], Measurement>> Of(params ReadOnlySpan<(string Name, Func<int[],
        Measurement> Create)> measurements)
    {
        var all = new Dictionary<string, Func<int[], Measurement>>(StringComparer.Ordinal);
        foreach ((string name, Func<int[], Measurement> create) in measurements)
        {
            all.Add(name, create);
        }

        return all;
    }

    private static Taken Restarts(Restarting restarting) => new(restarting.Measure, restarting);

    private static Taken Ticks(Func<int, Lateness> measure, int divisor) => new(ticks =>
    {
        int count = Math.Max(1, ticks / divisor);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Lateness lateness = measure(count);
        TimeSpan used = Environment.CpuUsage.TotalTime - before;
        return (double[])[lateness.MeanPeriod, lateness.Median, lateness.P99, lateness.Max, used.TotalNanoseconds / count];
    });

    private static Taken Work(Func<Crew> crew, int senders, int microseconds) =>
        new(items => Throughput.Measure(crew, senders, Math.Max(1, items / senders), TimeSpan.FromMicroseconds(microseconds)));

    private static Taken IdleLatency(Func<Crew> crew, int pauseMicroseconds) =>
        new(count => Pair(Latency.MeasureIdle(crew, count, TimeSpan.FromMicroseconds(pauseMicroseconds))));

    private static Taken FloodedLatency(Func<Crew> crew, int pauseMicroseconds) =>
        new(
            count => Pair(
                Latency.MeasureFlooded(crew, count, TimeSpan.FromMicroseconds(pauseMicroseconds), TimeSpan.FromMicroseconds(100))));

    private static double[] Pair((double Median, double P99) latency) => [latency.Median, latency.P99];
}
