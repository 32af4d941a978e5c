namespace Vigil.Internals.Tests.Work;

public class PoolEndTests
{
    [Fact]
    public void A_disposal_for_whose_time_there_is_no_timer_waits_without_limit_and_does_not_throw()
    {
        bool isClosed = false;
        var end = new PoolEnd(1, () => isClosed = true, () => [], new NoTimers());
        Task disposal = end.Dispose(TimeSpan.FromSeconds(1));
        Assert.True(isClosed);
        Assert.False(disposal.IsCompleted);
        end.OnThreadEnded();
        Assert.True(disposal.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_drain_for_whose_time_there_is_no_timer_says_so_and_has_ended_nothing()
    {
        bool isClosed = false;
        var end = new PoolEnd(1, () => isClosed = true, () => [], new NoTimers());
        Assert.Throws<InvalidOperationException>(() => { _ = end.Drain(TimeSpan.FromSeconds(1)); });
        Assert.False(isClosed);
        Task drain = end.Drain(Timeout.InfiniteTimeSpan);
        end.OnThreadEnded();
        Assert.True(drain.IsCompletedSuccessfully);
    }

    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            throw new InvalidOperationException("There is no thread for the timer.");
    }
}
