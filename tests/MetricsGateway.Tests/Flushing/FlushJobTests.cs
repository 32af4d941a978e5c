using MetricsGateway.Flushing;
using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Flushing;

public class FlushJobTests
{
    [Fact]
    public void An_interval_that_cannot_be_emptied_is_a_failed_flush_and_not_one_that_never_ends()
    {
        // It claims to have more places than it has, so that walking them fails.
        TableSnapshot<UniqueSet> broken = new(new ChunkedList<UniqueSet?>.View([], count: 1), half: 0, end: 1, deletesIdle: false);
        StoreSnapshot snapshot = new(Nothing<Counter>(), Nothing<Gauge>(), Nothing<TimerSummary>(), broken);
        FlushJob job = new(default, snapshot, default, new TimerFigures(PercentileList.None, HistogramRules.None), writers: []);

        FlushResult result = job.Run();

        Assert.IsType<IndexOutOfRangeException>(result.Failure?.SourceException);
    }

    private static TableSnapshot<T> Nothing<T>()
        where T : Series => new(new ChunkedList<T?>().TakeView(), half: 0, end: 1, deletesIdle: false);
}
