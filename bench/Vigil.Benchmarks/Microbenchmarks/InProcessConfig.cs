using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>
/// Runs the benchmarks in this process instead of in one that is generated and built for each: no second build, the same from any
/// directory, and the runtime is exactly the one that the program was started with. A mutator, so that <c>--job</c> still decides the rest.
/// </summary>
internal sealed class InProcessConfig : ManualConfig
{
    public InProcessConfig()
    {
        Add(DefaultConfig.Instance);
        AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsMutator());
        AddDiagnoser(MemoryDiagnoser.Default);
    }
}
