namespace MetricsGateway.Metrics;

/// <summary>The data of an interval, by kind: the half of the store that a worker reports and empties while the loop uses the other
/// one.</summary>
internal sealed record StoreSnapshot(
    TableSnapshot<Counter> Counters, TableSnapshot<Gauge> Gauges, TableSnapshot<TimerSummary> Timers, TableSnapshot<UniqueSet> Sets)
{
    /// <summary>Prepares the half for another interval. A second call does nothing.</summary>
    public void Empty()
    {
        Counters.Empty();
        Gauges.Empty();
        Timers.Empty();
        Sets.Empty();
    }

    /// <summary>
    /// Cleans up when no worker uses the snapshot any more, one series after the other: releases the series deleted meanwhile, and deletes
    /// the idle ones for which still nothing has arrived, if the options say so.
    /// </summary>
    public IEnumerable<int> DeleteIdle(MetricStore store) => store.ReleaseDeleted()
        .Concat(Counters.DeleteIdle(store.Counters))
        .Concat(Gauges.DeleteIdle(store.Gauges))
        .Concat(Timers.DeleteIdle(store.Timers))
        .Concat(Sets.DeleteIdle(store.Sets));
}

/// <summary>The series of one kind at the end of an interval.</summary>
/// <param name="places">Their places. A later series may have the place of a deleted one.</param>
/// <param name="half">The half that is reported.</param>
/// <param name="end">The first interval whose new series do not belong to this snapshot.</param>
/// <param name="deletesIdle">Whether series for which nothing arrived are to be deleted.</param>
internal sealed class TableSnapshot<TSeries>(ChunkedList<TSeries?>.View places, int half, long end, bool deletesIdle)
    where TSeries : Series
{
    private readonly List<TSeries> _idle = [];

    /// <summary>The half that is reported.</summary>
    public int Half => half;

    /// <summary>The series that the interval reports. A series that will be deleted because nothing arrived for it is not one of
    /// them.</summary>
    public IEnumerable<TSeries> Told()
    {
        for (int i = 0; i < places.Count; i++)
        {
            if (places[i] is not { } series || series.Born >= end)
            {
                continue;
            }

            if (deletesIdle && series.IsIdleIn(half))
            {
                _idle.Add(series);
            }
            else
            {
                yield return series;
            }
        }
    }

    public void Empty()
    {
        for (int i = 0; i < places.Count; i++)
        {
            if (places[i] is { } series && series.Born < end)
            {
                series.Empty(half);
            }
        }
    }

    /// <summary>Deletes from the table the series that were found idle when all series were reported.</summary>
    public IEnumerable<int> DeleteIdle(SeriesTable<TSeries> table)
    {
        for (int i = 0; i < _idle.Count; i++)
        {
            table.DeleteIfIdle(_idle[i]);
            yield return i;
        }
    }
}
