namespace Compare.Tests;

/// <summary>A table of a report, by its group.</summary>
internal sealed class MarkdownTable
{
    private readonly string[] _columns;
    private readonly Dictionary<string, string[]> _rows;

    private MarkdownTable(string[] lines)
    {
        _columns = Cells(lines[0]);
        Assert.All(lines, line => Assert.Equal(_columns.Length, Cells(line).Length));
        _rows = lines.Skip(2).Select(Cells).ToDictionary(cells => cells[0], StringComparer.Ordinal);
    }

    public IEnumerable<string> Columns => _columns.Skip(1);

    public IEnumerable<string> Rows => _rows.Keys;

    public string this[string row, string column] => _rows[row][Array.IndexOf(_columns, column)];

    public static MarkdownTable Of(string report, string group)
    {
        string[] lines = [.. report.Split('\n').SkipWhile(line => line != $"### {group}").Skip(1).TakeWhile(line => !line.StartsWith('#'))];
        return new MarkdownTable([.. lines.Where(line => line.StartsWith('|'))]);
    }

    private static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];
}
