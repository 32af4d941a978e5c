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
            Compare(options, output);
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

    // The report is written into the file after each group: if a run of an hour is cut off, the file has the groups that were measured, and
    // the older tables of the others.
    private static void Compare(CompareOptions options, MarkedSection? output)
    {
        Pace pace = options.IsQuick ? Pace.Quick : Pace.Full;
        using NativeToolchain? toolchain = NativeToolchain.TryFind();
        using var peers = new PeerCatalogue(toolchain, options.StatsDDirectory);
        var report = new ComparisonReport(options, pace, peers, toolchain?.Description);
        try
        {
            foreach (IGrouping<string, Case> group in CaseCatalogue.Create(pace, peers.LoadGenerator).Where(options.Includes).GroupBy(
                each => each.Group,
                StringComparer.Ordinal))
            {
                var stolen = new StolenTime();
                report.Add(group.Key, [.. group.Select(each => Measure(each, peers, pace))], stolen);
                output?.Replace(report.Over);
            }
        }
        finally
        {
            // Even if the file can no longer be written.
            Console.WriteLine(report);
        }
    }

    private static CaseResult Measure(Case each, PeerCatalogue peers, Pace pace)
    {
        Console.Error.WriteLine($"{each.FullName} …");
        return CaseMeasurement.Measure(each, peers.All, pace);
    }

    // The tests run a debug build.
    private static void RequireOptimizedCode(CompareOptions options)
    {
        if (!options.IsQuick
            && typeof(Vigil.EventManager).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
        {
            throw new InvalidOperationException("Vigil was built without optimization: measure with -c Release.");
        }
    }
}
