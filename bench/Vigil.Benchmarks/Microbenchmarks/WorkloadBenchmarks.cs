using BenchmarkDotNet.Attributes;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>Benchmarks that perform the workload that their setup creates.</summary>
public abstract class WorkloadBenchmarks
{
    private protected IWorkload? Workload { get; set; }

    [GlobalCleanup]
    public void Cleanup() => Workload?.Dispose();
}
