using BenchmarkDotNet.Attributes;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>Time and memory per blocking call to a loop on another thread, there and back.</summary>
public class CallBlockingBenchmarks : WorkloadBenchmarks
{
    [Params(0, 20, 50)]
    public int SpinMicroseconds { get; set; }

    [GlobalSetup]
    public void Setup() => Workload = new CallBlockingWorkload(TimeSpan.FromMicroseconds(SpinMicroseconds));

    [Benchmark]
    public void CallBlocking() => Workload!.Perform(1);
}
