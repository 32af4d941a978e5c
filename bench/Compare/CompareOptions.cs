using Compare.Cases;

namespace Compare;

/// <summary>The options of the command line.</summary>
/// <param name="IsQuick">Whether to make a smoke run.</param>
/// <param name="Filter">A text in the names of the wanted cases, their group included; null for all.</param>
/// <param name="Groups">The wanted groups, by their names in the report; empty for all.</param>
/// <param name="OutputFile">The file for the report, besides standard output; null for none.</param>
/// <param name="PlotDirectory">The directory for the plots; null for none.</param>
/// <param name="StatsDDirectory">Where npm has installed statsd; null if it has not.</param>
internal sealed record CompareOptions(
    bool IsQuick, string? Filter, IReadOnlyList<string> Groups, string? OutputFile, string? PlotDirectory, string? StatsDDirectory)
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/Compare -- [--quick] [--groups NAME,…] [--filter TEXT] [--output FILE] [--plots DIR]
                                                                [--statsd DIR]

          --quick          a smoke run of less than two minutes; its figures mean nothing
          --groups NAME,…  only these groups, by the headings of their tables, such as dispatch,tcp-echo
          --filter TEXT    only the cases with TEXT in their names
          --output FILE    also writes the tables into FILE, between <!-- compare:begin --> and <!-- compare:end -->;
                           the tables there of groups that are not measured stay as they are
          --plots DIR      where the plots go; with --output docs/plots, otherwise nowhere unless it is given
          --statsd DIR     where 'npm install statsd' was run; without it the gateway is measured alone
        """;

    private const string DefaultPlotDirectory = "docs/plots";

    /// <exception cref="FormatException">The command line is not valid.</exception>
    public static CompareOptions Parse(ReadOnlySpan<string> arguments)
    {
        CompareOptions options = ParseAll(arguments);
        return options.PlotDirectory is null
            && options.OutputFile is not null ? options with { PlotDirectory = DefaultPlotDirectory } : options;
    }

    public bool Includes(Case @case) =>
        (Groups.Count == 0 || Groups.Contains(@case.Group))
            && (Filter is null || @case.FullName.Contains(Filter, StringComparison.OrdinalIgnoreCase));

    public override string ToString() =>
        "dotnet run -c Release --project bench/Compare --"
        + (IsQuick ? " --quick" : "")
        + Option("--groups", Groups.Count == 0 ? null : string.Join(',', Groups.Select(ShortNameOf)))
        + Option("--filter", Filter)
        + Option("--output", OutputFile)
        + Option("--plots", OutputFile is not null && PlotDirectory == DefaultPlotDirectory ? null : PlotDirectory)
        + Option("--statsd", StatsDDirectory);

    private static CompareOptions ParseAll(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new CompareOptions(IsQuick: false, Filter: null, Groups: [], OutputFile: null, PlotDirectory: null, StatsDDirectory: null),
        ["--quick", .. var rest] => ParseAll(rest) with { IsQuick = true },
        ["--groups", var names, .. var rest] => ParseAll(rest) with { Groups = GroupsOf(names) },
        ["--filter", var text, .. var rest] => ParseAll(rest) with { Filter = text },
        ["--output", var file, .. var rest] => ParseAll(rest) with { OutputFile = file },
        ["--plots", var directory, .. var rest] => ParseAll(rest) with { PlotDirectory = directory },
        ["--statsd", var directory, .. var rest] => ParseAll(rest) with { StatsDDirectory = directory },
        _ => throw new FormatException($"{arguments[0]}: not understood, or without its value."),
    };

    // "Socket-pair ring" on the command line, without quotes.
    private static string ShortNameOf(string group) => group.ToLowerInvariant().Replace(' ', '-');

    private static string[] GroupsOf(string names)
    {
        string[] all = [.. CaseCatalogue.Groups];
        string[] wanted = [.. names.Split(',').Select(ShortNameOf)];
        string? unknown = wanted.Except(all.Select(ShortNameOf)).FirstOrDefault();
        return unknown is null
            ? [.. all.Where(group => wanted.Contains(ShortNameOf(group)))]
            : throw new FormatException($"--groups: there is no '{unknown}', only {string.Join(", ", all.Select(ShortNameOf))}.");
    }

    private static string Option(string name, string? value) =>
        value is null ? "" : value.Contains(' ') ? $" {name} \"{value}\"" : $" {name} {value}";
}
