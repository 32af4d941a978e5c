namespace Vigil.Benchmarks.Reporting;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Report">The report's name, which is the command's and that of the marked section.</param>
/// <param name="IsQuick">Whether a smoke run is wanted.</param>
/// <param name="Filter">What the names of the wanted cases contain; null for all.</param>
/// <param name="OutputFile">Where the report is written to, beside standard output; null for nowhere.</param>
internal sealed record ReportOptions(string Report, bool IsQuick, string? Filter, string? OutputFile)
{
    public static string UsageOf(string report) => $"""
        usage: dotnet run -c Release --project bench/Vigil.Benchmarks -- {report} [--quick] [--filter TEXT] [--output FILE]

          --quick        a smoke run of some seconds; its figures mean nothing
          --filter TEXT  only the cases with TEXT in their names
          --output FILE  also writes the table into FILE, between <!-- {report}:begin --> and <!-- {report}:end -->
        """;

    /// <exception cref="FormatException">Something else was asked for.</exception>
    public static ReportOptions Parse(string report, ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new ReportOptions(report, IsQuick: false, Filter: null, OutputFile: null),
        ["--quick", .. var rest] => Parse(report, rest) with { IsQuick = true },
        ["--filter", var text, .. var rest] => Parse(report, rest) with { Filter = text },
        ["--output", var file, .. var rest] => Parse(report, rest) with { OutputFile = file },
        _ => throw new FormatException($"{arguments[0]}: not understood, or without its value."),
    };

    public bool Includes(string name) => Filter is null || name.Contains(Filter, StringComparison.OrdinalIgnoreCase);

    public override string ToString() =>
        "dotnet run -c Release --project bench/Vigil.Benchmarks -- " + Report
        + (IsQuick ? " --quick" : "")
        + (Filter is null ? "" : $" --filter \"{Filter}\"")
        + (OutputFile is null ? "" : $" --output {OutputFile}");
}
