using System.Diagnostics;
using Vigil.Benchmarks.Reporting;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Ratio;

/// <summary>Compares Vigil with raw epoll in C, in the same minutes on the same machine, and prints a table.</summary>
internal static class RatioCommand
{
    public static int Run(string[] arguments)
    {
        // First of all, before other code has compiled or loaded what a manager needs.
        TimeSpan firstStartup = MeasureFirstStartup();
        return ReportCommand.Run("ratio", arguments, (options, native) => Measure(options, native, firstStartup));
    }

    private static IEnumerable<string> Measure(ReportOptions options, NativeDriver? native, TimeSpan firstStartup)
    {
        var measurement = new RatioMeasurement(native, options.IsQuick ? RatioPace.Quick : RatioPace.Full);
        var table = new RatioTable();
        foreach (RatioCase ratioCase in RatioCases.All)
        {
            AddTo(table, options, ratioCase.Name, name => table.Add(measurement.Measure(ratioCase)));
        }

        AddTo(table, options, "manager start-up, first of the process", name => table.AddFirstStartup(name, firstStartup));
        AddTo(table, options, "managed memory a registered fd", name => table.AddMemory(name, RegisteredMemory.Measure()));
        return table.Lines;
    }

    private static void AddTo(RatioTable table, ReportOptions options, string name, Action<string> add)
    {
        if (!options.Includes(name))
        {
            return;
        }

        Console.Error.WriteLine($"{name} …");
        try
        {
            add(name);
        }
        catch (EventManagerException exception)
        {
            // Usually too few open files are allowed; the other rows are still useful.
            table.AddNotMeasured(name, exception.Message);
        }
    }

    private static TimeSpan MeasureFirstStartup()
    {
        long start = Stopwatch.GetTimestamp();
        new EventManager().Dispose();
        return Stopwatch.GetElapsedTime(start);
    }
}
