using System.Globalization;

namespace Soak;

/// <summary>The options of the command line.</summary>
/// <param name="IsQuick">Whether to make a smoke run.</param>
/// <param name="Minutes">How long the load lasts, warming up and rests included.</param>
/// <param name="Seed">The seed of all random choices; null for a new one.</param>
/// <param name="OutputFile">The file for the report, besides standard output; null for none.</param>
/// <param name="PlotDirectory">The directory for the plot; null for none.</param>
internal sealed record SoakOptions(bool IsQuick, double Minutes, int? Seed, string? OutputFile, string? PlotDirectory)
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/Soak -- [--quick] [--minutes N] [--seed N] [--output FILE] [--plots DIR]

          --quick        a smoke run of less than 20 seconds on an idle machine
          --minutes N    how long it lasts, 1 to 10000; 10 if not given
          --seed N       the seed of the random choices; a new one if not given. Threads still take turns as the kernel decides
          --output FILE  also writes the report into FILE, between <!-- soak:begin --> and <!-- soak:end -->
          --plots DIR    where the plot goes; with --output docs/plots, otherwise nowhere unless it is given
        """;

    private const double DefaultMinutes = 10;
    private const string DefaultPlotDirectory = "docs/plots";

    /// <exception cref="FormatException">The command line is not valid.</exception>
    public static SoakOptions Parse(ReadOnlySpan<string> arguments)
    {
        SoakOptions options = ParseAll(arguments);
        return options.PlotDirectory is null && options.OutputFile is not null
            ? options with { PlotDirectory = DefaultPlotDirectory }
            : options;
    }

    /// <summary>The command that does the same again, apart from what the kernel decides.</summary>
    /// <param name="seed">The seed that was used.</param>
    public string Command(int seed) =>
        "dotnet run -c Release --project bench/Soak --"
        + (IsQuick ? " --quick" : string.Create(CultureInfo.InvariantCulture, $" --minutes {Minutes}"))
        + string.Create(CultureInfo.InvariantCulture, $" --seed {seed}")
        + (OutputFile is null ? "" : $" --output {OutputFile}")
        + (PlotDirectory is null || (OutputFile is not null && PlotDirectory == DefaultPlotDirectory) ? "" : $" --plots {PlotDirectory}");

    private static SoakOptions ParseAll(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new SoakOptions(IsQuick: false, DefaultMinutes, Seed: null, OutputFile: null, PlotDirectory: null),
        ["--quick", .. var rest] => ParseAll(rest) with { IsQuick = true },
        ["--minutes", var text, .. var rest] => ParseAll(rest) with { Minutes = MinutesOf(text) },
        ["--seed", var text, .. var rest] => ParseAll(rest) with { Seed = SeedOf(text) },
        ["--output", var file, .. var rest] => ParseAll(rest) with { OutputFile = file },
        ["--plots", var directory, .. var rest] => ParseAll(rest) with { PlotDirectory = directory },
        _ => throw new FormatException($"{arguments[0]}: not understood, or without its value."),
    };

    private static double MinutesOf(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double minutes)
        && minutes is >= 1 and <= 10_000
            ? minutes
            : throw new FormatException($"--minutes: a number from 1 to 10000, not '{text}'.");

    private static int SeedOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seed)
            ? seed
            : throw new FormatException($"--seed: a whole number from 0 to {int.MaxValue}, not '{text}'.");
}
