using Compare.Cases;
using Compare.Peers;
using Compare.Rounds;
using Vigil.Benchmarks.Reporting;

namespace Compare.Report;

/// <summary>The whole report: the machine and the tools, then for each group the time and command, a table and a plot.</summary>
internal sealed class ComparisonReport
{
    private readonly CompareOptions _options;
    private readonly Pace _pace;
    private readonly PeerCatalogue _peers;
    private readonly string? _compiler;
    private readonly Dictionary<string, string> _groups = new(StringComparer.Ordinal);

    /// <param name="options">The command line's options.</param>
    /// <param name="pace">The amounts and times.</param>
    /// <param name="peers">The peers.</param>
    /// <param name="compiler">The compiler of the drivers in C; null if there is none.</param>
    public ComparisonReport(CompareOptions options, Pace pace, PeerCatalogue peers, string? compiler)
    {
        _options = options;
        _pace = pace;
        _peers = peers;
        _compiler = compiler;
    }

    /// <summary>Adds a group, and writes its plot.</summary>
    /// <param name="group">Its name.</param>
    /// <param name="results">Its results.</param>
    /// <param name="stolen">The stolen time since its measurement began.</param>
    public void Add(string group, IReadOnlyList<CaseResult> results, StolenTime stolen)
    {
        string run = $"{MachineDescription.DescribeRun(_options.ToString(), stolen)} {RoundsOf(results)}.{Caution}";
        List<string> lines = [GroupText.HeadingOf(group), "", run, "", .. LeftOutOf(results), .. VersionsOf(results)];
        var plot = new RatioPlot(group, results, _peers);
        if (_options.PlotDirectory is { } directory && !plot.IsEmpty)
        {
            Directory.CreateDirectory(directory);
            string file = Path.Combine(directory, $"{group.ToLowerInvariant().Replace(' ', '-')}.svg");
            File.WriteAllText(file, $"{plot.Draw()}\n");
            lines.AddRange([$"![{group}: ratios]({LinkTo(file)})", ""]);
        }

        lines.AddRange(new ComparisonTable(results, _peers).Lines);
        _groups[group] = string.Join('\n', lines);
    }

    /// <summary>The report in place of an earlier one, whose groups that are not measured yet, or not at all, are kept.</summary>
    public string Over(string earlier)
    {
        IReadOnlyDictionary<string, string> kept = GroupText.In(earlier);
        IEnumerable<string?> groups = CaseCatalogue.Groups.Select(
            group => _groups.GetValueOrDefault(group) ?? kept.GetValueOrDefault(group));
        return string.Join("\n\n", [Head, .. groups.OfType<string>()]);
    }

    public override string ToString() => Over("");

    private string Head => string.Join(
        '\n',
        [
            MachineDescription.Machine,
            MachineDescription.Compiler(_compiler),
            $"- peers in C: {(_peers.Versions.Any() ? string.Join(", ", _peers.Versions) : "none")}",
            "",
            "A cell has the median, the smallest and the largest round, and the median and spread of the rounds' ratios: to raw C, or to "
                + "Vigil where raw C has no counterpart. "
                + $"In each round everybody has a turn of about {_pace.Turn.TotalSeconds} s, servers of {_pace.LoadTurn.TotalSeconds} s, "
                    + $"where the case does not say how much is done.",
        ]);

    private string Caution => _options.IsQuick ? " **A quick run: too short and too cold for its figures to mean anything.**" : "";

    // Repeated with each group: another run, of other groups, may have had these peers.
    private IEnumerable<string> LeftOutOf(IReadOnlyList<CaseResult> results)
    {
        string? server = results.Any(result => result.Case is StatsDCase) ? _peers.MissingStatsD : null;
        string[] missing = server is null ? [.. _peers.Missing] : [.. _peers.Missing, server];
        return missing.Length == 0 ? [] : [.. missing.Select(peer => $"- left out: {peer}"), ""];
    }

    private static string RoundsOf(IReadOnlyList<CaseResult> results)
    {
        int[] counts = [.. results.Select(result => result.Rounds.Count).Distinct().Order()];
        return counts is [1] ? "One round" : $"{string.Join(" or ", counts)} rounds";
    }

    // The versions of the peers in C are in the report's head, because all of them are built for any group.
    private static IEnumerable<string> VersionsOf(IReadOnlyList<CaseResult> results)
    {
        string[] versions = [.. results.SelectMany(result => result.Peers).OfType<StatsDPeer>().Select(
            peer => $"- {peer.Description}").Distinct(StringComparer.Ordinal)];
        return versions.Length == 0 ? [] : [.. versions, ""];
    }

    // Relative to the file with the report.
    private string LinkTo(string file)
    {
        string from = _options.OutputFile is null ? "." : Path.GetDirectoryName(Path.GetFullPath(_options.OutputFile))!;
        return Path.GetRelativePath(from, file).Replace('\\', '/');
    }
}
