using BenchmarkDotNet.Attributes;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>Time and memory per delegate that is fired at a loop on another thread, until it has run there.</summary>
public class PostBenchmarks : WorkloadBenchmarks
{
    private const int PostsPerInvoke = 100_000;

    [GlobalSetup(Target = nameof(Fire))]
    public void SetupFire() => Workload = new PostWorkload(PostedState.None);

    [GlobalSetup(Target = nameof(FireWithReferenceState))]
    public void SetupFireWithReferenceState() => Workload = new PostWorkload(PostedState.Reference);

    [GlobalSetup(Target = nameof(FireWithValueState))]
    public void SetupFireWithValueState() => Workload = new PostWorkload(PostedState.Value);

    [Benchmark(OperationsPerInvoke = PostsPerInvoke, Baseline = true)]
    public void Fire() => Workload!.Perform(PostsPerInvoke);

    [Benchmark(OperationsPerInvoke = PostsPerInvoke)]
    public void FireWithReferenceState() => Workload!.Perform(PostsPerInvoke);

    [Benchmark(OperationsPerInvoke = PostsPerInvoke)]
    public void FireWithValueState() => Workload!.Perform(PostsPerInvoke);
}
