using System.Diagnostics;
using System.Reflection;
using Compare.Cases;
using Compare.Peers;
using Compare.Report;
using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare;

/// <summary>Builds the peers, measures every case with all of them, and writes the report.</summary>
internal static class CompareCommand
{
    private const string SectionName = "compare";

    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;

    public static int Run(string[] arguments)
    {
        try
        {
            var options = CompareOptions.Parse(arguments);
            RequireOptimizedCode(options);
            MarkedSection? output = options.OutputFile is null ? null : MarkedSection.Open(options.OutputFile, SectionName);
            Console.WriteLine(Compare(options, output));
            return Success;
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine(CompareOptions.Usage);
            return UsageError;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }
    }

    // The report is written with each group: a run of an hour that is cut off leaves what it has.
    private static string Compare(CompareOptions options, MarkedSection? output)
    {
        Pace pace = options.IsQuick ? Pace.Quick : Pace.Full;
        using NativeToolchain? toolchain = NativeToolchain.TryFind();
        using var peers = new PeerCatalogue(toolchain, options.StatsDDirectory);
        var report = new ComparisonReport(options, peers, toolchain?.Description);
        IEnumerable<Case> cases = CaseCatalogue.Create(pace, peers.LoadGenerator).Where(each => options.Includes(each.FullName));
        foreach (IGrouping<string, Case> group in cases.GroupBy(each => each.Group, StringComparer.Ordinal))
        {
            List<CaseResult> results = [];
            foreach (Case each in group)
            {
                Console.Error.WriteLine($"{each.FullName} …");
                results.Add(CaseMeasurement.Measure(each, peers.All, pace));
            }

            report.Add(group.Key, results);
            output?.Replace(report.ToString());
        }

        return report.ToString();
    }

    // What the tests run is a debug build.
    private static void RequireOptimizedCode(CompareOptions options)
    {
        if (!options.IsQuick && typeof(Vigil.EventManager).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            throw new InvalidOperationException("Vigil was built without optimization: measure with -c Release.");
        }
    }
}
