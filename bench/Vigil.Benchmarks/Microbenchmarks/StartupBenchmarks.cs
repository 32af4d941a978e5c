using BenchmarkDotNet.Attributes;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>Time and memory of a manager that is created and disposed without having run.</summary>
public class StartupBenchmarks
{
    [Benchmark]
    public void CreateAndDispose() => new EventManager().Dispose();
}
