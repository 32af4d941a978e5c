using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Ratio;

/// <summary>
/// The rows of the table. A round takes some tenths of a second. Its number of operations is a multiple of 200 times the number of ready
/// descriptors, so that the parts of a warm-up and of a quick run are whole iterations.
/// </summary>
internal static class RatioCases
{
    // Differences of some percent need more and shorter rounds on a machine whose speed changes from second to second.
    private const int DispatchRounds = 15;

    public static IEnumerable<RatioCase> All =>
    [
        Dispatch(new Readiness(1, 1), LoopMode.Run, 300_000, 1.15),
        Dispatch(new Readiness(200, 200), LoopMode.Run, 1_000_000, 1.05),
        Dispatch(new Readiness(10_000, 10_000), LoopMode.Run, 2_000_000, 1.06),
        Dispatch(new Readiness(200, 9), LoopMode.Run, 900_000, 1.08),
        Dispatch(new Readiness(1, 1), LoopMode.RunOnce, 300_000, 1.15),
        Dispatch(new Readiness(200, 200), LoopMode.RunOnce, 1_000_000, 1.05),
        Dispatch(new Readiness(10_000, 10_000), LoopMode.RunOnce, 2_000_000, 1.06),
        Dispatch(new Readiness(200, 9), LoopMode.RunOnce, 900_000, 1.08),
        DispatchAlone(200),
        Post("Fire", PostedState.None),
        Post("Fire with a reference", PostedState.Reference),
        Post("Fire with a value", PostedState.Value),
        PostInBursts(1_000),
        PingPong(spinMicroseconds: 0, operations: 10_000, new Budget(Ratio: 1.05)),
        .. Environment.ProcessorCount > 1
            ? [PingPong("on two processors", Placement.Apart, new Budget(Ratio: 1.05))]
            : Array.Empty<RatioCase>(),
        PingPong("on one processor", Placement.Together, Budget.None),
        PingPong(spinMicroseconds: 20, operations: 100_000, new Budget(Nanoseconds: 4_500)),
        PingPong(spinMicroseconds: 50, operations: 100_000, new Budget(Nanoseconds: 4_500)),
        Startup(),
    ];

    private static RatioCase Dispatch(Readiness readiness, LoopMode mode, int operations, double ratio) => new(
        $"dispatch, {readiness}, {mode}",
        TimeUnit.Nanosecond,
        operations,
        () => new DispatchWorkload(readiness, mode),
        events => $"dispatch {readiness.Registered} {readiness.Ready} {events}",
        new Budget(Ratio: ratio, AllocatedBytes: 0))
    {
        Rounds = DispatchRounds,
    };

    private static RatioCase DispatchAlone(int ready) => new(
        $"dispatch alone, {ready} events, no system call",
        TimeUnit.Nanosecond,
        8_000_000,
        () => new DispatchWorkload(new Readiness(ready, ready), LoopMode.RunWithoutKernel),
        events => $"dispatch-alone {ready} {events}",
        new Budget(Nanoseconds: 5, AllocatedBytes: 0))
    {
        Rounds = DispatchRounds,
    };

    private static RatioCase Post(string name, PostedState state) => new(
        $"post, {name}",
        TimeUnit.Nanosecond,
        4_000_000,
        () => new PostWorkload(state),
        posts => $"post 1 {posts}",
        new Budget(Nanoseconds: 40))
    {
        Rounds = 7,
    };

    // Most of the time is one wake-up per burst. The row is there for the bytes: without bursts a sender that is faster than
    // the loop makes the queue grow, which is not the steady state.
    private static RatioCase PostInBursts(int burst) => new(
        $"post, Fire with a value, bursts of {burst}",
        TimeUnit.Nanosecond,
        1_000_000,
        () => new PostWorkload(PostedState.Value, burst),
        NativeCommand: null,
        new Budget(AllocatedBytes: 0));

    private static RatioCase Startup() => new(
        "manager start-up",
        TimeUnit.Microsecond,
        10_000,
        static () => new StartupWorkload(),
        NativeCommand: null,
        new Budget(Nanoseconds: 1e6));

    private static RatioCase PingPong(int spinMicroseconds, int operations, Budget budget) => new(
        spinMicroseconds == 0 ? "ping-pong, CallBlocking" : $"ping-pong, CallBlocking, spin {spinMicroseconds} µs",
        TimeUnit.Microsecond,
        operations,
        () => new CallBlockingWorkload(TimeSpan.FromMicroseconds(spinMicroseconds)),
        calls => $"pingpong {spinMicroseconds} {calls}",
        budget)
    {
        Rounds = 7,
    };

    private static RatioCase PingPong(string where, Placement placement, Budget budget) => new(
        $"ping-pong, CallBlocking, the threads {where}",
        TimeUnit.Microsecond,
        10_000,
        () => new CallBlockingWorkload(TimeSpan.Zero, placement),
        calls => $"pingpong 0 {calls} {(int)placement}",
        budget)
    {
        Rounds = 7,
    };
}
