using BenchmarkDotNet.Attributes;
using Vigil.Benchmarks.Timers;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>Time and memory of restarting a timer and stopping it, while others are outstanding.</summary>
public class TimerBenchmarks : WorkloadBenchmarks
{
    private const int Operations = 100_000;

    [Params(0, 100_000, 1_000_000)]
    public int Outstanding { get; set; }

    [Params(false, true)]
    public bool ReadsClock { get; set; }

    [GlobalSetup]
    public void Setup() => Workload = new VigilRestarting(Outstanding, ReadsClock);

    [Benchmark(OperationsPerInvoke = Operations)]
    public void StartAndStop() => Workload!.Perform(Operations);
}
