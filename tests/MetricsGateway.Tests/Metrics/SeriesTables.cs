using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

/// <summary>Operations on whole tables, which the gateway itself performs in parts.</summary>
internal static class SeriesTables
{
    public static IEnumerable<TSeries> All<TSeries>(this SeriesTable<TSeries> table)
        where TSeries : Series => Enumerable.Range(0, table.PlaceCount).Select(table.At).OfType<TSeries>();

    /// <summary>Deletes the selected series, and returns their keys.</summary>
    public static string[] Delete<TSeries>(this SeriesTable<TSeries> table, string words)
        where TSeries : Series
    {
        SeriesSelection selection = new(words.Utf8());
        TSeries[] selected = [.. table.All().Where(series => selection.Selects(series.Key))];
        Array.ForEach(selected, table.Delete);
        return [.. selected.Select(series => series.Key.Text())];
    }
}
