using System.Diagnostics;

namespace Vigil.Tests;

public class DelayTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void A_delay_is_exact_below_a_millisecond_and_goes_on_on_the_loop()
    {
        using var loop = new LoopThread();
        Patience.Wait(loop.Endpoint.CallAsync(async manager =>
        {
            for (int i = 1; i < 200; i++)
            {
                TimeSpan delay = TimeSpan.FromMicroseconds(i * 10);
                long start = Stopwatch.GetTimestamp();
                await manager.Delay(delay);
                Assert.True(Stopwatch.GetElapsedTime(start) >= delay);
                Assert.Equal(loop.ThreadId, Environment.CurrentManagedThreadId);
                Assert.Same(manager, EventManager.Current);
            }
        }));
    }

    [Fact]
    public void Without_time_it_is_over_in_the_next_iteration()
    {
        using var manager = new EventManager();
        Task delay = manager.Delay(TimeSpan.Zero);
        Assert.False(delay.IsCompleted);
        Assert.Equal(1, manager.RunOnce());
        Assert.True(delay.IsCompletedSuccessfully);
    }

    [Fact]
    public void It_can_be_cancelled_by_any_thread_and_leaves_no_timer_behind()
    {
        using var loop = new LoopThread();
        using var first = new CancellationTokenSource();
        Task byOther = loop.Endpoint.CallAsync(manager => manager.Delay(TimeSpan.FromHours(1), first.Token));
        loop.Endpoint.CallBlocking(manager => Assert.Single(manager.SnapshotOfDelays()));
        first.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Patience.Wait(byOther));
        loop.Endpoint.CallBlocking(manager => Assert.Empty(manager.SnapshotOfDelays()));

        using var second = new CancellationTokenSource();
        Task byLoop = loop.Endpoint.CallAsync(manager =>
        {
            Task delay = manager.Delay(Timeout.InfiniteTimeSpan, second.Token);
            second.Cancel();
            Assert.True(delay.IsCanceled);
            Assert.Empty(manager.SnapshotOfDelays());
            return delay;
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Patience.Wait(byLoop));

        Task cancelledBefore = loop.Endpoint.CallAsync(manager =>
        {
            Task delay = manager.Delay(Millisecond, second.Token);
            Assert.Empty(manager.SnapshotOfDelays());
            return delay;
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Patience.Wait(cancelledBefore));
    }

    [Fact]
    public void Disposal_fails_it_and_finally_blocks_run()
    {
        var manager = new EventManager();
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        manager.Defer(async running =>
        {
            try
            {
                await running.Delay(TimeSpan.FromHours(1));
            }
            catch (ObjectDisposedException)
            {
                ended.SetResult(true);
            }
        });
        manager.RunOnce();
        manager.Dispose();
        Assert.True(Patience.Result(ended.Task));
        Assert.Throws<ObjectDisposedException>(() => { _ = manager.Delay(Millisecond); });
    }

    [Fact]
    public void Negative_delays_are_refused()
    {
        using var manager = new EventManager();
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = manager.Delay(-Millisecond * 2); });
    }

    [Fact]
    public void A_delay_that_is_cancelled_between_runs_is_no_fault_at_disposal_and_no_callback()
    {
        var manager = new EventManager();
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        using var first = new CancellationTokenSource();
        Task cancelled = manager.Delay(TimeSpan.FromHours(1), first.Token);
        first.Cancel();
        Assert.True(cancelled.IsCanceled);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Empty(manager.SnapshotOfDelays());

        using var second = new CancellationTokenSource();
        _ = manager.Delay(TimeSpan.FromHours(1), second.Token);
        second.Cancel();
        manager.Dispose();
        Assert.Empty(reports);
    }
}
