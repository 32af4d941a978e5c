namespace MetricsGateway.Configuration;

/// <summary>Suggests the name that a mistyped one was probably meant to be.</summary>
internal static class NearestName
{
    private const int MaxDistance = 3;

    /// <returns>"; did you mean 'name'?", or an empty text if no name is near.</returns>
    public static string Hint(string name, IEnumerable<string> candidates, string prefix = "")
    {
        string? nearest = candidates
            .Select(candidate => (Name: candidate, Distance: EditDistance(name, candidate)))
            .Where(candidate => candidate.Distance <= Math.Min(MaxDistance, (name.Length + 1) / 2))
            .OrderBy(candidate => candidate.Distance)
            .FirstOrDefault()
            .Name;
        return nearest is null ? string.Empty : $"; did you mean '{prefix}{nearest}'?";
    }

    // Levenshtein's distance, one row at a time.
    private static int EditDistance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
