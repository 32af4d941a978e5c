using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

/// <summary>Whole tables in one go, which the gateway itself goes through in parts.</summary>
internal static class SeriesTables
{
    public static IEnumerable<TSeries> All<TSeries>(this SeriesTable<TSeries> table)
        where TSeries : Series => Enumerable.Range(0, table.PlaceCount).Select(table.At).OfType<TSeries>();

    /// <summary>Deletes what is selected, and returns its keys.</summary>
    public static string[] Delete<TSeries>(this SeriesTable<TSeries> table, string words)
        where TSeries : Series
    {
        SeriesSelection selection = new(words.Utf8());
        TSeries[] selected = [.. table.All().Where(series => selection.Selects(series.Key))];
        Array.ForEach(selected, table.Delete);
        return [.. selected.Select(series => series.Key.Text())];
    }
}
