namespace Vigil.Benchmarks.Reporting;

/// <summary>The options of the command line.</summary>
/// <param name="Report">The name of the report, which is also the command's and the marked section's.</param>
/// <param name="IsQuick">Whether to make a smoke run.</param>
/// <param name="Filter">A text in the names of the wanted cases; null for all.</param>
/// <param name="OutputFile">The file for the report, besides standard output; null for none.</param>
internal sealed record ReportOptions(string Report, bool IsQuick, string? Filter, string? OutputFile)
{
    public static string UsageOf(string report) => $"""
        usage: dotnet run -c Release --project bench/Vigil.Benchmarks -- {report} [--quick] [--filter TEXT] [--output FILE]

          --quick        a smoke run of some seconds; its figures mean nothing
          --filter TEXT  only the cases with TEXT in their names
          --output FILE  also writes the table into FILE, between <!-- {report}:begin --> and <!-- {report}:end -->
        """;

    /// <exception cref="FormatException">The command line is not valid.</exception>
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
