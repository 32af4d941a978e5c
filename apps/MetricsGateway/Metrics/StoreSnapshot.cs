namespace MetricsGateway.Metrics;

/// <summary>What an interval has brought, by kind: the half of the store that a worker tells and empties while the loop uses the other
/// one.</summary>
internal sealed record StoreSnapshot(
    TableSnapshot<Counter> Counters, TableSnapshot<Gauge> Gauges, TableSnapshot<TimerSummary> Timers, TableSnapshot<UniqueSet> Sets)
{
    /// <summary>Makes the half ready for another interval. Again, it does nothing.</summary>
    public void Empty()
    {
        Counters.Empty();
        Gauges.Empty();
        Timers.Empty();
        Sets.Empty();
    }

    /// <summary>
    /// Cleans up when no worker looks any more, one series after the other: releases what was deleted meanwhile, and deletes what is to be
    /// deleted because nothing arrived for it, and nothing has since.
    /// </summary>
    public IEnumerable<int> DeleteIdle(MetricStore store) => store.ReleaseDeleted()
        .Concat(Counters.DeleteIdle(store.Counters))
        .Concat(Gauges.DeleteIdle(store.Gauges))
        .Concat(Timers.DeleteIdle(store.Timers))
        .Concat(Sets.DeleteIdle(store.Sets));
}

/// <summary>The series of one kind as they were when an interval ended.</summary>
/// <param name="places">Where they stand. One that has come since may have the place of one that was deleted.</param>
/// <param name="half">The half that is told.</param>
/// <param name="end">The first interval whose series are none of this one's.</param>
/// <param name="deletesIdle">Whether series for which nothing arrived are to be deleted.</param>
internal sealed class TableSnapshot<TSeries>(ChunkedList<TSeries?>.View places, int half, long end, bool deletesIdle)
    where TSeries : Series
{
    private readonly List<TSeries> _idle = [];

    /// <summary>The half that is told.</summary>
    public int Half => half;

    /// <summary>Every series that is part of what the interval tells: a series that will be deleted because nothing arrived for it is
    /// not.</summary>
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

    /// <summary>Deletes from the table what was found to be idle when all series were told.</summary>
    public IEnumerable<int> DeleteIdle(SeriesTable<TSeries> table)
    {
        for (int i = 0; i < _idle.Count; i++)
        {
            table.DeleteIfIdle(_idle[i]);
            yield return i;
        }
    }
}
