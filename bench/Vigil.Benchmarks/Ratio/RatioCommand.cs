using System.Diagnostics;
using System.Reflection;
using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Ratio;

/// <summary>Compares Vigil with raw epoll in C, in the same minutes on the same machine, and prints a table.</summary>
internal static class RatioCommand
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;

    public static int Run(string[] arguments)
    {
        try
        {
            var options = RatioOptions.Parse(arguments);
            MarkedSection? output = options.OutputFile is null ? null : MarkedSection.Open(options.OutputFile);
            Run(options, output);
            return Success;
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine(RatioOptions.Usage);
            return UsageError;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }
    }

    private static void Run(RatioOptions options, MarkedSection? output)
    {
        if (typeof(EventManager).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            throw new InvalidOperationException("Vigil was built without optimization: measure with -c Release.");
        }

        // Before anything else has compiled or loaded what a manager needs.
        TimeSpan firstStartup = MeasureFirstStartup();
        using NativeDriver? native = NativeDriver.TryBuild();
        if (native is null)
        {
            Console.Error.WriteLine("No C compiler (cc) was found: raw epoll is not measured, and no ratio is given.");
        }

        var measurement = new RatioMeasurement(native, options.IsQuick ? RatioPace.Quick : RatioPace.Full);
        var table = new RatioTable();
        foreach (RatioCase ratioCase in RatioCases.All)
        {
            AddTo(table, options, ratioCase.Name, name => table.Add(measurement.Measure(ratioCase)));
        }

        AddTo(table, options, "manager start-up, first of the process", name => table.AddFirstStartup(name, firstStartup));
        AddTo(table, options, "managed memory a registered fd", name => table.AddMemory(name, RegisteredMemory.Measure()));

        string report = string.Join('\n', [.. MachineDescription.Describe(options, native), .. Caution(options), "", .. table.Lines]);
        Console.WriteLine(report);
        output?.Replace(report);
    }

    private static void AddTo(RatioTable table, RatioOptions options, string name, Action<string> add)
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
            // Too few open files allowed, as a rule; the other rows are still worth having.
            table.AddNotMeasured(name, exception.Message);
        }
    }

    private static TimeSpan MeasureFirstStartup()
    {
        long start = Stopwatch.GetTimestamp();
        new EventManager().Dispose();
        return Stopwatch.GetElapsedTime(start);
    }

    private static IEnumerable<string> Caution(RatioOptions options) =>
        options.IsQuick ? ["- **a quick run: too short and too cold for its figures to mean anything**"] : [];
}
