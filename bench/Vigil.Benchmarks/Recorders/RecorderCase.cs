using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Recorders;

/// <summary>A row: the same work without a recorder, recorded to a ring, and recorded to a file.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Operations">The number of operations in a turn, which takes some hundredths of a second.</param>
/// <param name="IncludeTraffic">Whether bytes are recorded.</param>
/// <param name="Create">Makes the work for a recorder.</param>
/// <param name="Nanoseconds">The budget of recording an operation.</param>
/// <param name="Bytes">The budget of an operation's records, its own bytes included; null for none.</param>
internal sealed record RecorderCase(
    string Name, int Operations, bool IncludeTraffic, Func<Recorder?, IWorkload> Create, double Nanoseconds, double? Bytes)
{
    public static IEnumerable<RecorderCase> All =>
    [
        Dispatch("dispatch, 1 ready", 1, 20_000, readsClock: false),
        Dispatch("dispatch, 1 ready, with a timer", 1, 20_000, readsClock: true),
        Dispatch("dispatch, 10 ready, with a timer", 10, 100_000, readsClock: true),
        Dispatch("dispatch, 200 ready, with a timer", 200, 200_000, readsClock: true),
        new("read of 64 bytes, without traffic", 10_000, false, static recorder => new RecordedReads(recorder), 100, null),
        new("read of 64 bytes, with traffic", 10_000, true, static recorder => new RecordedReads(recorder), 100, null),
    ];

    private static RecorderCase Dispatch(string name, int ready, int operations, bool readsClock) => new(
        name,
        operations,
        IncludeTraffic: false,
        recorder => new DispatchWorkload(
            new Readiness(ready, ready), LoopMode.Run, new EventManagerOptions { Recorder = recorder }, readsClock),
        Nanoseconds: 20,
        Bytes: 32);
}
