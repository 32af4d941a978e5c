namespace Compare.Report;

/// <summary>The parts of a written report by group: its heading and everything up to the next one.</summary>
internal static class GroupText
{
    private const string Mark = "### ";

    public static string HeadingOf(string group) => Mark + group;

    /// <summary>The parts by their groups.</summary>
    public static IReadOnlyDictionary<string, string> In(string report)
    {
        Dictionary<string, string> parts = new(StringComparer.Ordinal);
        string[] lines = report.Split('\n');
        int[] headings = [.. lines.Index().Where(
            line => line.Item.StartsWith(Mark, StringComparison.Ordinal)).Select(line => line.Index), lines.Length];
        foreach ((int from, int to) in headings.Zip(headings.Skip(1)))
        {
            parts[lines[from][Mark.Length..].TrimEnd()] = string.Join('\n', lines[from..to]).TrimEnd('\n');
        }

        return parts;
    }
}
