using Vigil.Internals.Tests.Support;

namespace Vigil.Internals.Tests.Timing;

/// <summary>The hand-over of a timer to the underlying clock.</summary>
public class ProvidedTimerTests
{
    [Fact]
    public void A_change_that_is_handed_over_twice_is_followed_once_and_one_that_fails_costs_the_next_nothing()
    {
        var clock = new CountingClock();
        List<FaultReport> reports = [];
        var manager = new EventManager(new EventManagerOptions { TimeProvider = clock });
        manager.FaultReported += (_, report) =>
        {
            lock (reports)
            {
                reports.Add(report);
            }
        };
        manager.Dispose();
        var timer = (ProvidedTimer)manager.TimeProvider.CreateTimer(static _ => { }, state: null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Assert.Equal(1, clock.Changes);
        for (int i = 0; i < 3; i++)
        {
            timer.HandOverLater(new TimerChange(1, 0, 0));
        }

        timer.HandOverLater(new TimerChange(2, 0, 0));
        Patience.Until(() => clock.Changes == 2, "the newer change is followed");
        clock.Fails = true;
        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        clock.Fails = false;
        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));

        // The sequence numbers of these two are 2 and 3: the first was already handed over. The second may be left to a thread of the pool
        // that has not finished its hand-over.
        Patience.Until(() => clock.Changes == 3, "the newest change is followed");
        Assert.Empty(Reports());
        clock.Fails = true;
        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        Patience.Until(() => Reports().Length > 0, "the failure is reported");
        Assert.Equal(FaultOrigin.TimeProvider, Assert.Single(Reports()).Origin);

        FaultReport[] Reports()
        {
            lock (reports)
            {
                return [.. reports];
            }
        }
    }

    private sealed class CountingClock : TimeProvider
    {
        private int _changes;

        public bool Fails { get; set; }

        public int Changes => Volatile.Read(ref _changes);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new CountedTimer(this);

        private sealed class CountedTimer(CountingClock clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                if (clock.Fails)
                {
                    throw new FormatException("The clock is broken.");
                }

                Interlocked.Increment(ref clock._changes);
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
