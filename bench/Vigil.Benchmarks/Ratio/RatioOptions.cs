namespace Vigil.Benchmarks.Ratio;

/// <summary>What was asked for on the command line.</summary>
internal sealed record RatioOptions(bool IsQuick, string? Filter, string? OutputFile)
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/Vigil.Benchmarks -- ratio [--quick] [--filter TEXT] [--output FILE]

          --quick        a smoke run of some seconds; its figures mean nothing
          --filter TEXT  only the cases with TEXT in their names
          --output FILE  also writes the table into FILE, between <!-- ratio:begin --> and <!-- ratio:end -->
        """;

    /// <exception cref="FormatException">Something else was asked for.</exception>
    public static RatioOptions Parse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new RatioOptions(IsQuick: false, Filter: null, OutputFile: null),
        ["--quick", .. var rest] => Parse(rest) with { IsQuick = true },
        ["--filter", var text, .. var rest] => Parse(rest) with { Filter = text },
        ["--output", var file, .. var rest] => Parse(rest) with { OutputFile = file },
        _ => throw new FormatException($"{arguments[0]}: not understood, or without its value."),
    };

    public bool Includes(string name) => Filter is null || name.Contains(Filter, StringComparison.OrdinalIgnoreCase);

    public override string ToString() =>
        "dotnet run -c Release --project bench/Vigil.Benchmarks -- ratio"
        + (IsQuick ? " --quick" : "")
        + (Filter is null ? "" : $" --filter \"{Filter}\"")
        + (OutputFile is null ? "" : $" --output {OutputFile}");
}
