using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>
/// Runs the benchmarks in this process instead of in one that is generated and built for each. There is no second build, the directory does
/// not matter, and the runtime is exactly the one that runs the program. It is a mutator, so that <c>--job</c> still decides the rest.
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
