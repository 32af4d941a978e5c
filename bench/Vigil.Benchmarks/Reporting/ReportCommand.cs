using System.Diagnostics;
using System.Reflection;

namespace Vigil.Benchmarks.Reporting;

/// <summary>The common part of every command that prints a report.</summary>
internal static class ReportCommand
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;

    /// <summary>Runs a report and returns the program's exit code.</summary>
    /// <param name="name">The report's name.</param>
    /// <param name="arguments">The command line after it.</param>
    /// <param name="measure">Makes the report's lines.</param>
    public static int Run(string name, string[] arguments, Func<ReportOptions, NativeDriver?, IEnumerable<string>> measure)
    {
        try
        {
            var options = ReportOptions.Parse(name, arguments);
            MarkedSection? output = options.OutputFile is null ? null : MarkedSection.Open(options.OutputFile, name);
            Run(options, output, measure);
            return Success;
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine(ReportOptions.UsageOf(name));
            return UsageError;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }
    }

    private static void Run(ReportOptions options, MarkedSection? output, Func<ReportOptions, NativeDriver?, IEnumerable<string>> measure)
    {
        if (typeof(EventManager).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            throw new InvalidOperationException("Vigil was built without optimization: measure with -c Release.");
        }

        using NativeDriver? native = NativeDriver.TryBuild();
        if (native is null)
        {
            Console.Error.WriteLine("No C compiler (cc) was found: raw epoll is not measured, and no ratio is given.");
        }

        var stolen = new StolenTime();
        string[] lines = [.. measure(options, native)];
        string report = string.Join(
            '\n',
            [.. MachineDescription.Describe(options.ToString(), native?.Description, stolen), .. Caution(options), "", .. lines]);
        Console.WriteLine(report);
        output?.Replace(report);
    }

    private static IEnumerable<string> Caution(ReportOptions options) =>
        options.IsQuick ? ["- **a quick run: too short and too cold for its figures to mean anything**"] : [];
}
