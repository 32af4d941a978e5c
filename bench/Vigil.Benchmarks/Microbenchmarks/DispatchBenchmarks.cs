using BenchmarkDotNet.Attributes;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>Time and memory per event that is delivered to a subscriber, the wait included.</summary>
public class DispatchBenchmarks : WorkloadBenchmarks
{
    // A multiple of every number of ready descriptors below.
    private const int EventsPerInvoke = 90_000;

    public static IEnumerable<Readiness> Readinesses => [new(1, 1), new(200, 200), new(10_000, 10_000), new(200, 9)];

    [ParamsSource(nameof(Readinesses))]
    public Readiness Readiness { get; set; } = new(1, 1);

    [ParamsAllValues]
    public LoopMode Mode { get; set; }

    [GlobalSetup]
    public void Setup() => Workload = new DispatchWorkload(Readiness, Mode);

    [Benchmark(OperationsPerInvoke = EventsPerInvoke)]
    public void Dispatch() => Workload!.Perform(EventsPerInvoke);
}
