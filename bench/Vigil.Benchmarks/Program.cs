using BenchmarkDotNet.Running;
using Vigil.Benchmarks.Files;
using Vigil.Benchmarks.Microbenchmarks;
using Vigil.Benchmarks.Posts;
using Vigil.Benchmarks.Ratio;
using Vigil.Benchmarks.Recorders;
using Vigil.Benchmarks.Simulations;
using Vigil.Benchmarks.Timers;
using Vigil.Benchmarks.Watchdog;
using Vigil.Benchmarks.Workers;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks;

/// <summary>Several programs in one; bench/README.md says which answers which question.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["ratio", .. string[] options]:
                return RatioCommand.Run(options);
            case ["timers", .. string[] options]:
                return TimersCommand.Run(options);
            case ["posts", .. string[] options]:
                return PostsCommand.Run(options);
            case ["workers", .. string[] options]:
                return WorkersCommand.Run(options);
            case ["watchdog", .. string[] options]:
                return WatchdogCommand.Run(options);
            case ["recorder", .. string[] options]:
                return RecorderCommand.Run(options);
            case ["files", .. string[] options]:
                return FilesCommand.Run(options);
            case ["file-events", .. string[] options]:
                return ComparisonCommand.Run(options);
            case ["simulation"]:
                return SimulationCommand.Run();
            case ["memory"]:
                Console.WriteLine($"registered-fd {RegisteredMemory.Measure():F1} bytes");
                return 0;
            default:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, new InProcessConfig());
                return 0;
        }
    }
}
