using System.Globalization;

namespace Vigil.Failures;

/// <summary>
/// Makes each system call of one scenario fail in each way, once, at each of its calls: <c>Vigil.Failures SCENARIO [whole]</c>. Without
/// "whole", in one or two ways and not at each call. Exit code 0 means that every case has a defined outcome; otherwise standard error
/// lists those that have not.
/// </summary>
internal static class Program
{
    private static readonly Dictionary<string, Action<Drive>> Scenarios = new(StringComparer.Ordinal)
    {
        ["timers"] = EventScenarios.Timers,
        ["timers-of-old-kernels"] = EventScenarios.TimersOfOldKernels,
        ["sockets"] = EventScenarios.Sockets,
        ["posts"] = EventScenarios.Posts,
        ["orphans"] = EventScenarios.Orphans,
        ["spinning"] = EventScenarios.Spinning,
        ["disposal"] = EventScenarios.Disposal,
        ["watchdog"] = EventScenarios.Watchdog,
        ["transfers"] = InputScenarios.Transfers,
        ["connections"] = InputScenarios.Connections,
        ["datagrams"] = InputScenarios.Datagrams,
        ["notifier"] = SystemdScenarios.Notifier,
        ["passed-descriptors"] = SystemdScenarios.PassedDescriptors,
        ["signals"] = ProcessScenarios.Signals,
        ["children"] = ProcessScenarios.Children,
        ["replacement"] = ProcessScenarios.Replacement,
        ["tree"] = FileScenarios.Tree,
        ["single-files"] = FileScenarios.SingleFiles,
        ["workers"] = WorkScenarios.Workers,
    };

    /// <summary>Blocked on every thread, so that they come through a signalfd.</summary>
    public static Signal[] BlockedSignals { get; } = [Signal.SIGUSR2, Signal.RealTime(3)];

    /// <summary>A processor that this process may use.</summary>
    public static int Processor { get; } = FirstProcessor();

    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["scenarios"]:
                Console.WriteLine(string.Join('\n', Scenarios.Keys));
                return 0;
            case ["functions"]:
                Console.WriteLine(string.Join('\n', SystemCalls.Functions));
                return 0;
            case [var name, .. var rest] when Scenarios.TryGetValue(name, out Action<Drive>? scenario):
                SignalBlocking.Restart(BlockedSignals);
                return new Matrix(name, scenario, isWhole: rest is ["whole", ..], only: rest.ElementAtOrDefault(1)).Run();
            default:
                Console.Error.WriteLine("scenarios | functions | SCENARIO [whole]");
                return 2;
        }
    }

    // "Cpus_allowed_list:	1-3,5" (proc_pid_status(5)).
    private static int FirstProcessor()
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        string digits = new([.. line.Split('\t')[1].TakeWhile(char.IsAsciiDigit)]);
        return int.Parse(digits, CultureInfo.InvariantCulture);
    }
}
