using System.Collections.Concurrent;
using System.Diagnostics;
using Vigil.Diagnostics;
using Vigil.Internals.Tests.Support;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Watchdog;

/// <summary>A handler of reports that blocks the watchdog's thread, which has other loops to sample.</summary>
public sealed class SlowHandlerTests
{
    private static readonly TimeSpan HandlersTime = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void A_callback_that_begins_while_a_handler_of_another_manager_runs_is_not_held_to_be_older_than_it_is()
    {
        using EventManager one = Watched("one");
        using EventManager two = Watched("two");
        var rounds = new Rounds();
        Sampler.Add(rounds);
        using var mayBegin = new ManualResetEventSlim();
        using var hasBegun = new ManualResetEventSlim();
        using var isTold = new ManualResetEventSlim();
        one.SlowCallbackReported += (_, _) =>
        {
            if (!isTold.IsSet)
            {
                Thread.Sleep(HandlersTime);
                mayBegin.Set();
                Assert.True(hasBegun.Wait(Patience.Limit));
                isTold.Set();
            }
        };
        var ofTwo = new ConcurrentQueue<SlowCallbackReport>();
        two.SlowCallbackReported += (_, report) => ofTwo.Enqueue(report);
        var thread = new BackgroundThread<TimeSpan>(() =>
        {
            Assert.True(mayBegin.Wait(Patience.Limit));
            long start = Stopwatch.GetTimestamp();
            two.Defer(_ =>
            {
                hasBegun.Set();
                Assert.True(isTold.Wait(Patience.Limit));
                int before = rounds.Count;
                Patience.Until(() => rounds.Count >= before + 5, "five rounds of the watchdog");
            });
            two.RunOnce();
            return Stopwatch.GetElapsedTime(start);
        });
        one.Defer(_ => Assert.True(isTold.Wait(Patience.Limit)));
        one.RunOnce();
        TimeSpan took = thread.Result();
        Sampler.Remove(rounds);
        Patience.Until(() => rounds.IsGone, "the watchdog's last look");
        Assert.All(ofTwo, report => Assert.InRange(report.Elapsed, TimeSpan.Zero, took));
    }

    private static EventManager Watched(string name) => new(new EventManagerOptions
    {
        Name = name,
        Watchdog = new WatchdogOptions
        {
            SamplingPeriod = TimeSpan.FromMilliseconds(1),
            PhaseBudget = Timeout.InfiniteTimeSpan,
            ReportInterval = TimeSpan.Zero,
        },
    });

    /// <summary>Counts the rounds of the watchdog's thread; sampled after the managers.</summary>
    private sealed class Rounds : Sampled
    {
        private int _count;
        private volatile bool _isGone;

        public int Count => Volatile.Read(ref _count);

        public bool IsGone => _isGone;

        public override bool IsQuiet => true;

        public override void Park(bool isParked)
        {
        }

        protected override long Sample(long now)
        {
            _isGone = IsRetired;
            Volatile.Write(ref _count, _count + 1);
            return now + Nanoseconds.Of(TimeSpan.FromMilliseconds(1));
        }
    }
}
