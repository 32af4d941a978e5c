using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using Soak.Report;
using Vigil.Benchmarks.Reporting;

namespace Soak;

/// <summary>Runs the soak and writes the report. The last line of the output says whether anything is wrong.</summary>
internal static class SoakCommand
{
    private const string SectionName = "soak";

    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;

    public static int Run(string[] arguments)
    {
        try
        {
            var options = SoakOptions.Parse(arguments);
            RequireOptimizedCode(options);
            MarkedSection? output = options.OutputFile is null ? null : MarkedSection.Open(options.OutputFile, SectionName);
            return Soak(options, output);
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine(SoakOptions.Usage);
            return UsageError;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }
    }

    private static int Soak(SoakOptions options, MarkedSection? output)
    {
        int seed = options.Seed ?? Random.Shared.Next();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        Console.WriteLine(SoakReport.WallClock);

        // Opens standard error's own descriptor now, and not within the first figures.
        Console.Error.WriteLine("warming up …");
        var findings = new Findings();
        var stolen = new StolenTime();
        var schedule = Schedule.Of(options);
        string report;
        string summary;
        using (var run = new SoakRun(schedule, seed, findings))
        {
            try
            {
                run.Run();
            }
            catch (Exception exception) when (exception is SocketException or IOException or KeyNotFoundException)
            {
                // There is no gateway any more that answers. What was seen until then is reported.
                findings.Add($"the run was cut short: {exception}");
            }

            var text = new SoakReport(options, schedule, seed, run, stolen);
            report = text.Write(findings);
            summary = text.Summary;
        }

        Console.WriteLine(report);
        output?.Replace(report);
        Console.WriteLine();
        foreach (string wrong in findings.All)
        {
            Console.WriteLine($"wrong: {wrong}");
        }

        Console.WriteLine(findings.IsEmpty ? $"{summary}, 0 wrong" : $"{summary}, {findings.All.Count} wrong");
        return findings.IsEmpty ? Success : Failure;
    }

    // The tests run a debug build.
    private static void RequireOptimizedCode(SoakOptions options)
    {
        if (!options.IsQuick
            && typeof(Vigil.EventManager).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            throw new InvalidOperationException("Vigil was built without optimization: soak with -c Release.");
        }
    }
}
