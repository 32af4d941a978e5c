using Compare.Peers;
using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare.Report;

/// <summary>The whole report: on what, by what and how it was measured, then a table and a plot for each group.</summary>
internal sealed class ComparisonReport
{
    private readonly CompareOptions _options;
    private readonly PeerCatalogue _peers;
    private readonly string? _compiler;
    private readonly List<string> _lines = [];

    /// <param name="options">What was asked for.</param>
    /// <param name="peers">Who was compared.</param>
    /// <param name="compiler">Of the drivers in C; null where there is none.</param>
    public ComparisonReport(CompareOptions options, PeerCatalogue peers, string? compiler)
    {
        _options = options;
        _peers = peers;
        _compiler = compiler;
    }

    /// <summary>Adds a group, and writes its plot.</summary>
    public void Add(string group, IReadOnlyList<CaseResult> results)
    {
        _lines.AddRange(["", $"### {group}", ""]);
        var plot = new RatioPlot(group, results, _peers);
        if (_options.PlotDirectory is { } directory && !plot.IsEmpty)
        {
            Directory.CreateDirectory(directory);
            string file = Path.Combine(directory, $"{group.ToLowerInvariant().Replace(' ', '-')}.svg");
            File.WriteAllText(file, $"{plot.Draw()}\n");
            _lines.AddRange([$"![{group}: ratios]({LinkTo(file)})", ""]);
        }

        _lines.AddRange(new ComparisonTable(results, _peers).Lines);
    }

    public override string ToString() => string.Join('\n', [.. Head(), .. _lines]);

    private IEnumerable<string> Head() =>
    [
        .. MachineDescription.Describe(_options.ToString(), _compiler),
        $"- peers in C: {(_peers.Versions.Any() ? string.Join(", ", _peers.Versions) : "none")}",
        .. _peers.Missing.Select(missing => $"- left out: {missing}"),
        .. _options.IsQuick ? (string[])["- **a quick run: too short and too cold for its figures to mean anything**"] : [],
        "",
        "A cell has the median, the smallest and the largest round, and the median and spread of the rounds' ratios: to raw C, or to Vigil where raw C has no counterpart.",
    ];

    // As seen from the file that the report goes into.
    private string LinkTo(string file)
    {
        string from = _options.OutputFile is null ? "." : Path.GetDirectoryName(Path.GetFullPath(_options.OutputFile))!;
        return Path.GetRelativePath(from, file).Replace('\\', '/');
    }
}
