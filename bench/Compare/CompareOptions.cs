namespace Compare;

/// <summary>What was asked for on the command line.</summary>
/// <param name="IsQuick">Whether a smoke run is wanted.</param>
/// <param name="Filter">What the names of the wanted cases contain, their group included; null for all.</param>
/// <param name="OutputFile">Where the report is written to, beside standard output; null for nowhere.</param>
/// <param name="PlotDirectory">Where the plots go; null for nowhere.</param>
/// <param name="StatsDDirectory">Where npm has installed statsd; null where it has not.</param>
internal sealed record CompareOptions(bool IsQuick, string? Filter, string? OutputFile, string? PlotDirectory, string? StatsDDirectory)
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/Compare -- [--quick] [--filter TEXT] [--output FILE] [--plots DIR] [--statsd DIR]

          --quick        a smoke run of less than two minutes; its figures mean nothing
          --filter TEXT  only the cases with TEXT in their names
          --output FILE  also writes the tables into FILE, between <!-- compare:begin --> and <!-- compare:end -->
          --plots DIR    where the plots go; with --output docs/plots, otherwise nowhere unless it is given
          --statsd DIR   where 'npm install statsd' was run; without it the gateway is measured alone
        """;

    private const string DefaultPlotDirectory = "docs/plots";

    /// <exception cref="FormatException">Something else was asked for.</exception>
    public static CompareOptions Parse(ReadOnlySpan<string> arguments)
    {
        CompareOptions options = ParseAll(arguments);
        return options.PlotDirectory is null && options.OutputFile is not null ? options with { PlotDirectory = DefaultPlotDirectory } : options;
    }

    public bool Includes(string name) => Filter is null || name.Contains(Filter, StringComparison.OrdinalIgnoreCase);

    public override string ToString() =>
        "dotnet run -c Release --project bench/Compare --"
        + (IsQuick ? " --quick" : "")
        + Option("--filter", Filter)
        + Option("--output", OutputFile)
        + Option("--plots", OutputFile is not null && PlotDirectory == DefaultPlotDirectory ? null : PlotDirectory)
        + Option("--statsd", StatsDDirectory);

    private static CompareOptions ParseAll(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new CompareOptions(IsQuick: false, Filter: null, OutputFile: null, PlotDirectory: null, StatsDDirectory: null),
        ["--quick", .. var rest] => ParseAll(rest) with { IsQuick = true },
        ["--filter", var text, .. var rest] => ParseAll(rest) with { Filter = text },
        ["--output", var file, .. var rest] => ParseAll(rest) with { OutputFile = file },
        ["--plots", var directory, .. var rest] => ParseAll(rest) with { PlotDirectory = directory },
        ["--statsd", var directory, .. var rest] => ParseAll(rest) with { StatsDDirectory = directory },
        _ => throw new FormatException($"{arguments[0]}: not understood, or without its value."),
    };

    private static string Option(string name, string? value) => value is null ? "" : value.Contains(' ') ? $" {name} \"{value}\"" : $" {name} {value}";
}
