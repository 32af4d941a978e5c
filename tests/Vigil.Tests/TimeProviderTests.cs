using System.Diagnostics;

namespace Vigil.Tests;

public class TimeProviderTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void Framework_delays_and_periodic_timers_run_on_the_loop()
    {
        using var loop = new LoopThread();
        long start = Stopwatch.GetTimestamp();
        List<int> threads = Patience.Result(loop.Endpoint.CallAsync(async manager =>
        {
            List<int> seen = [];
            await Task.Delay(Millisecond * 20, manager.TimeProvider);
            seen.Add(Environment.CurrentManagedThreadId);
            using var periodic = new PeriodicTimer(Millisecond * 5, manager.TimeProvider);
            for (int i = 0; i < 3; i++)
            {
                Assert.True(await periodic.WaitForNextTickAsync());
                seen.Add(Environment.CurrentManagedThreadId);
            }

            return seen;
        }));
        Assert.Equal(Enumerable.Repeat(loop.ThreadId, 4), threads);
        Assert.True(Stopwatch.GetElapsedTime(start) >= Millisecond * 35);
    }

    [Fact]
    public void Its_callbacks_run_on_the_loop_whichever_thread_creates_changes_or_disposes_the_timer()
    {
        using var loop = new LoopThread();
        using var called = new SemaphoreSlim(0);
        int thread = 0;
        ITimer timer = loop.Manager.TimeProvider.CreateTimer(
            _ =>
            {
                thread = Environment.CurrentManagedThreadId;
                called.Release();
            },
            state: null,
            Millisecond,
            Timeout.InfiniteTimeSpan);
        Assert.True(called.Wait(Patience.Limit));
        Assert.Equal(loop.ThreadId, thread);

        Assert.True(timer.Change(TimeSpan.Zero, Millisecond));
        Assert.True(called.Wait(Patience.Limit));
        Assert.True(called.Wait(Patience.Limit));

        timer.Dispose();
        Assert.False(timer.Change(Millisecond, Millisecond));
        loop.Endpoint.CallBlocking(manager => Assert.Empty(manager.GetTimers()));
    }

    [Fact]
    public void Cancellation_by_time_comes_on_the_loop()
    {
        using var loop = new LoopThread();
        using var source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, loop.Manager.TimeProvider);
        var thread = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = source.Token.Register(
            () => thread.SetResult(Environment.CurrentManagedThreadId));

        // Only now: a registration with a cancelled token runs the callback at once, on the registering thread.
        source.CancelAfter(Millisecond * 5);
        Assert.Equal(loop.ThreadId, Patience.Result(thread.Task));
    }

    [Fact]
    public void The_later_of_two_changes_counts_although_the_earlier_arrives_last()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        int fired = 0;
        ITimer timer = manager.TimeProvider.CreateTimer(_ => fired++, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        manager.RunOnce(TimeSpan.Zero);

        var other = new Thread(() => timer.Change(Millisecond, Millisecond));
        other.Start();
        Assert.True(other.Join(Patience.Limit));
        manager.Defer(_ => timer.Change(Millisecond * 10, Timeout.InfiniteTimeSpan));

        // The other thread's change waits in the mailbox and is applied first; then again with the loop's change before it.
        manager.RunOnce(TimeSpan.Zero);
        manager.CreateTimerEvent(TimeSpan.Zero, (_, _) =>
        {
            var late = new Thread(() => timer.Change(Millisecond, Millisecond));
            late.Start();
            Assert.True(late.Join(Patience.Limit));
            timer.Change(Millisecond * 10, Timeout.InfiniteTimeSpan);
        });
        manager.RunOnce(TimeSpan.Zero);
        time.Advance(Millisecond * 9);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(0, fired);
        time.Advance(Millisecond);
        manager.RunOnce(TimeSpan.Zero);
        time.Advance(Millisecond * 50);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(1, fired);
    }

    [Fact]
    public void A_timer_that_another_thread_has_put_off_or_stopped_does_not_fire_because_the_loop_has_not_heard_of_it()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        int fired = 0;
        ITimer once = manager.TimeProvider.CreateTimer(_ => fired++, state: null, Millisecond * 10, Timeout.InfiniteTimeSpan);
        ITimer periodic = manager.TimeProvider.CreateTimer(_ => fired++, state: null, Millisecond * 10, Millisecond * 10);
        using var source = new CancellationTokenSource(Millisecond * 10, manager.TimeProvider);
        manager.RunOnce(TimeSpan.Zero);
        time.Advance(Millisecond * 9);

        // Between runs this thread counts as another thread: the changes wait in the mailbox, and timers come before posted work.
        Assert.True(once.Change(Millisecond * 10, Timeout.InfiniteTimeSpan));
        Assert.True(periodic.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        source.CancelAfter(Millisecond * 10);
        time.Advance(Millisecond * 2);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal((0, false), (fired, source.IsCancellationRequested));
        time.Advance(Millisecond * 8);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal((1, true), (fired, source.IsCancellationRequested));
    }

    [Fact]
    public void A_timer_that_is_asked_for_again_and_again_fires_all_the_same()
    {
        using var loop = new LoopThread();
        int fired = 0;
        using ITimer timer = loop.Manager.TimeProvider.CreateTimer(
            _ => Interlocked.Increment(ref fired), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Assert.True(SpinWait.SpinUntil(
            () => timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan) && Volatile.Read(ref fired) >= 10,
            Patience.Limit));
    }

    [Fact]
    public async Task Asynchronous_disposal_ends_when_the_callback_has_returned()
    {
        using var loop = new LoopThread();
        using var began = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        bool hasReturned = false;
        ITimer timer = loop.Manager.TimeProvider.CreateTimer(
            _ =>
            {
                began.Set();
                gate.Wait(Patience.Limit);
                Volatile.Write(ref hasReturned, true);
            },
            state: null,
            TimeSpan.Zero,
            Millisecond);
        Assert.True(began.Wait(Patience.Limit));
        ValueTask disposal = timer.DisposeAsync();
        Assert.False(disposal.IsCompleted);
        ValueTask again = timer.DisposeAsync();
        gate.Set();
        await disposal.AsTask().WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(Volatile.Read(ref hasReturned));
        await again.AsTask().WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(timer.DisposeAsync().AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public void Asynchronous_disposal_does_not_wait_for_a_loop_that_does_not_run_and_its_own_callback_may_ask_for_it()
    {
        using var manager = new EventManager();
        ITimer idle = manager.TimeProvider.CreateTimer(
            _ => Assert.Fail("It is disposed."), state: null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Assert.True(idle.DisposeAsync().AsTask().IsCompletedSuccessfully);
        Task? ended = null;
        ITimer timer = null!;
        timer = manager.TimeProvider.CreateTimer(_ => ended = timer.DisposeAsync().AsTask(), state: null, TimeSpan.Zero, Millisecond);
        manager.RunUntil(() => ended is not null);
        Patience.Wait(ended!);
    }

    [Fact]
    public async Task After_the_loops_end_asynchronous_disposal_ends_when_the_underlying_clocks_call_has_returned()
    {
        var time = new VirtualClock();
        var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        manager.Dispose();
        using var began = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        ITimer timer = manager.TimeProvider.CreateTimer(
            _ =>
            {
                began.Set();
                gate.Wait(Patience.Limit);
            },
            state: null,
            Millisecond,
            Timeout.InfiniteTimeSpan);
        var advancing = new Thread(() => time.Advance(Millisecond));
        advancing.Start();
        Assert.True(began.Wait(Patience.Limit));
        ValueTask disposal = timer.DisposeAsync();
        Assert.False(disposal.IsCompleted);
        gate.Set();
        await disposal.AsTask().WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(advancing.Join(Patience.Limit));
    }

    [Fact]
    public void The_execution_context_of_the_creation_is_that_of_the_callback()
    {
        using var manager = new EventManager();
        var local = new AsyncLocal<string>();
        string? seen = null;
        local.Value = "creation";
        using ITimer timer = manager.TimeProvider.CreateTimer(
            _ => seen = local.Value,
            state: null,
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
        local.Value = "later";
        manager.RunUntil(() => seen is not null);
        Assert.Equal("creation", seen);
    }

    [Fact]
    public void After_the_disposal_its_timers_go_on_by_the_underlying_clock()
    {
        var time = new VirtualClock();
        var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        TimeProvider provider = manager.TimeProvider;
        int periodic = 0;
        int late = 0;
        Task started = Task.Delay(Millisecond * 10, provider);
        ITimer applied = provider.CreateTimer(_ => periodic++, state: null, Millisecond, Millisecond);
        manager.RunOnce(TimeSpan.Zero);
        Task underWay = Task.Delay(Millisecond * 10, provider);
        manager.Dispose();

        // The change is handed over through the thread pool.
        Assert.True(SpinWait.SpinUntil(() => time.TimerCount == 3, Patience.Limit));
        time.Advance(Millisecond * 10);
        Patience.Wait(started);
        Patience.Wait(underWay);
        Assert.Equal(10, periodic);
        applied.Dispose();
        using ITimer after = provider.CreateTimer(_ => late++, state: null, Millisecond, Timeout.InfiniteTimeSpan);
        time.Advance(Millisecond * 10);
        Assert.Equal((10, 1), (periodic, late));
    }

    [Fact]
    public void What_a_callback_throws_meets_the_fault_policy()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach });
        List<FaultReport> reports = [];
        manager.FaultReported += (_, report) => reports.Add(report);
        using ITimer timer = manager.TimeProvider.CreateTimer(
            _ => throw new InvalidOperationException("bad"),
            state: null,
            TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
        manager.RunUntil(() => reports.Count > 0);
        Assert.Equal(FaultOrigin.TimeProvider, Assert.Single(reports).Origin);
    }

    [Fact]
    public void It_reads_the_managers_own_clock_and_refuses_bad_arguments()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        TimeProvider provider = manager.TimeProvider;
        Assert.Equal(time.GetTimestamp(), provider.GetTimestamp());
        Assert.Equal(time.GetUtcNow(), provider.GetUtcNow());
        Assert.Equal(time.TimestampFrequency, provider.TimestampFrequency);
        Assert.Same(time.LocalTimeZone, provider.LocalTimeZone);
        Assert.Throws<ArgumentOutOfRangeException>(() => provider.CreateTimer(_ => { }, state: null, -Millisecond * 2, Millisecond));
        Assert.Throws<ArgumentOutOfRangeException>(() => provider.CreateTimer(_ => { }, state: null, Millisecond, -Millisecond * 2));
        Assert.Throws<ArgumentNullException>(() => provider.CreateTimer(null!, state: null, Millisecond, Millisecond));
        Assert.Throws<ArgumentNullException>(() => new EventManager(new EventManagerOptions { TimeProvider = null! }));
    }

    [Fact]
    public void A_virtual_day_of_ticks_passes_in_no_time()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        long start = Stopwatch.GetTimestamp();
        int ticks = 0;
        TimeSpan begin = time.Elapsed;
        manager.CreateTimerEvent(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), (_, tick) =>
        {
            Assert.Equal(default, tick);
            ticks++;
            Assert.Equal(TimeSpan.FromSeconds(ticks), time.Elapsed - begin);
        });
        while (ticks < 86_400)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            manager.RunOnce();
        }

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromHours(1));
    }

    [Fact]
    public void Another_thread_advances_the_clock_of_a_sleeping_loop()
    {
        var time = new VirtualClock();
        using var loop = new LoopThread(new EventManagerOptions { TimeProvider = time });
        for (int i = 0; i < 100; i++)
        {
            Task delay = loop.Endpoint.CallAsync(manager => manager.Delay(TimeSpan.FromHours(1)));
            loop.Endpoint.CallBlocking(manager => Assert.Single(manager.SnapshotOfDelays()));
            time.Advance(TimeSpan.FromHours(1));
            Patience.Wait(delay);
        }
    }

    [Fact]
    public void A_callers_timeout_is_measured_by_the_managers_clock()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        var advancing = new Thread(() =>
        {
            while (time.UntilNextTimer is null)
            {
                Thread.Yield();
            }

            time.Advance(TimeSpan.FromHours(1));
        });
        advancing.Start();
        Assert.Equal(0, manager.RunOnce(TimeSpan.FromHours(1)));
        Assert.True(advancing.Join(Patience.Limit));
    }

    [Fact]
    public void Calls_time_out_by_the_clock_of_the_loop_that_their_sender_is_on()
    {
        using var target = new EventManager();
        using var loop = new LoopThread();
        int thread = 0;
        Task failed = loop.Endpoint.CallAsync(async _ =>
        {
            Task call = target.RemoteEndpoint.CallAsync(_ => Assert.Fail("It does not run any more."), Millisecond * 5);
            await Assert.ThrowsAsync<TimeoutException>(() => call);
            thread = Environment.CurrentManagedThreadId;
        });
        Patience.Wait(failed);
        Assert.Equal(loop.ThreadId, thread);
        target.RunOnce(TimeSpan.Zero);
        loop.Endpoint.CallBlocking(manager => Assert.Empty(manager.SnapshotOfDelays()));
    }

    [Fact]
    public void Calls_time_out_although_the_loop_hangs_and_are_otherwise_not_disturbed()
    {
        using var loop = new LoopThread();
        using var gate = new ManualResetEventSlim();
        loop.Endpoint.Fire(_ => gate.Wait());
        Task<int> late = loop.Endpoint.CallAsync(_ => 1, Millisecond * 5);
        Assert.Throws<TimeoutException>(() => Patience.Result(late));
        Task<int> patient = loop.Endpoint.CallAsync(_ => 2, Patience.Limit);
        gate.Set();
        Assert.Equal(2, Patience.Result(patient));
        Assert.Equal(3, Patience.Result(loop.Endpoint.CallAsync(_ => Task.FromResult(3), TimeSpan.MaxValue)));
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = loop.Endpoint.CallAsync(_ => { }, -Millisecond * 2); });
    }

    [Fact]
    public void The_newest_change_is_handed_over_whichever_way_it_went()
    {
        var time = new VirtualClock();
        var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        int fired = 0;
        ITimer timer = manager.TimeProvider.CreateTimer(_ => fired++, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        manager.RunOnce(TimeSpan.Zero);
        manager.AddCheckHook(_ =>
        {
            var other = new Thread(() => timer.Change(TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan));
            other.Start();
            Assert.True(other.Join(Patience.Limit));
            timer.Change(Millisecond * 10, Timeout.InfiniteTimeSpan);
            manager.Dispose();
        });
        manager.RunOnce(TimeSpan.Zero);
        Assert.True(SpinWait.SpinUntil(() => time.UntilNextTimer == Millisecond * 10, Patience.Limit));
        time.Advance(Millisecond * 10);
        Assert.Equal(1, fired);
    }

    [Fact]
    public void A_timer_that_two_threads_change_after_the_loops_end_fires_once()
    {
        using var clock = new HesitantClock();
        var manager = new EventManager(new EventManagerOptions { TimeProvider = clock });
        int fired = 0;
        ITimer timer = manager.TimeProvider.CreateTimer(_ => fired++, state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        manager.Dispose();
        var other = new Thread(() => timer.Change(HesitantClock.Awaited, Timeout.InfiniteTimeSpan));
        other.Start();
        Assert.True(clock.Reached.Wait(Patience.Limit));

        // Newer than the stalled change, and due earlier.
        timer.Change(Millisecond * 10, Timeout.InfiniteTimeSpan);
        clock.Time.Advance(Millisecond * 20);
        clock.Go.Set();
        Assert.True(other.Join(Patience.Limit));

        // The hesitant thread is the other one, or a thread of the pool that was just handing over the creation. Its last change is
        // to fire at once.
        Assert.True(SpinWait.SpinUntil(() => clock.LastDueTime == TimeSpan.Zero, Patience.Limit));
        clock.Time.Advance(HesitantClock.Awaited * 2);
        Assert.Equal(1, fired);
    }

    [Fact]
    public void A_cancelled_call_leaves_no_timer_behind()
    {
        using var target = new EventManager();
        using var loop = new LoopThread();
        loop.Endpoint.CallBlocking(manager =>
        {
            for (int i = 0; i < 100; i++)
            {
                using var source = new CancellationTokenSource();
                Task call = target.RemoteEndpoint.CallAsync(_ => { }, TimeSpan.FromDays(1), source.Token);
                source.Cancel();
                Assert.True(call.IsCanceled);
            }

            Assert.Empty(manager.SnapshotOfDelays());
        });
    }

    [Fact]
    public void Changes_by_other_threads_are_no_callbacks()
    {
        using var manager = new EventManager();
        using ITimer timer = manager.TimeProvider.CreateTimer(_ => { }, state: null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        Assert.Equal(0, manager.RunOnce());
        Assert.Single(manager.SnapshotOfDelays());
    }

    [Theory]
    [InlineData(10_000_000, 640_000_000_000_000_000)]
    [InlineData(3_579_545, 5)]
    [InlineData(1_000_000_000, long.MaxValue / 2)]
    [InlineData(1, 1_900_000_000)]
    public void Every_frequency_and_origin_of_timestamps_is_good(long frequency, long origin)
    {
        var time = new OddTime(frequency, origin);
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time });
        int fired = 0;
        manager.CreateTimerEvent(TimeSpan.FromDays(365 * 60), (_, _) => fired++);
        manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => Assert.Fail("It is never due.")).ChangeTo(long.MaxValue);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        time.Timestamp += frequency * 365 * 60 * 86_400;
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(1, fired);
    }

    private sealed class OddTime(long frequency, long origin) : TimeProvider
    {
        public long Timestamp { get; set; } = origin;

        public override long TimestampFrequency => frequency;

        public override long GetTimestamp() => Timestamp;
    }

    /// <summary>Virtual time in which a thread stalls that sets a timer to one certain due time.</summary>
    private sealed class HesitantClock : TimeProvider, IDisposable
    {
        public static readonly TimeSpan Awaited = TimeSpan.FromHours(1);

        private long _lastDueTicks = long.MinValue;

        public VirtualClock Time { get; } = new();

        public ManualResetEventSlim Reached { get; } = new();

        public ManualResetEventSlim Go { get; } = new();

        /// <summary>The last due time that was set, after it was set.</summary>
        public TimeSpan? LastDueTime
        {
            get
            {
                long ticks = Volatile.Read(ref _lastDueTicks);
                return ticks == long.MinValue ? null : TimeSpan.FromTicks(ticks);
            }
            set => Volatile.Write(ref _lastDueTicks, value?.Ticks ?? long.MinValue);
        }

        public override long TimestampFrequency => Time.TimestampFrequency;

        public override long GetTimestamp() => Time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HesitantTimer(this, Time.CreateTimer(callback, state, dueTime, period));

        public void Dispose()
        {
            Reached.Dispose();
            Go.Dispose();
        }
    }

    private sealed class HesitantTimer(HesitantClock clock, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == HesitantClock.Awaited)
            {
                clock.Reached.Set();
                Assert.True(clock.Go.Wait(Patience.Limit));
            }

            bool isChanged = timer.Change(dueTime, period);
            clock.LastDueTime = dueTime;
            return isChanged;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }

    [Fact]
    public void A_clock_whose_first_reading_throws_is_not_kept_and_can_be_tried_again()
    {
        var machine = new UnreadableMachine();
        using (var manager = new EventManager(new EventManagerOptions { TimeProvider = machine }))
        {
            machine.DatesLeft = 1;
            Assert.Throws<FormatException>(Start);
            Assert.Equal(0, machine.Listeners);

            machine.DatesLeft = int.MaxValue;
            Start();
            Assert.Equal(1, machine.Listeners);

            void Start() => manager.CreateTimerEvent(DateTimeOffset.UnixEpoch, Timeout.InfiniteTimeSpan, (_, _) => { });
        }

        Assert.Equal(0, machine.Listeners);
    }

    [Fact]
    public void A_clock_that_cannot_be_left_is_reported_and_its_timer_is_given_back()
    {
        List<FaultReport> faults = [];
        var machine = new UnreadableMachine();
        using (var manager = new EventManager(new EventManagerOptions { TimeProvider = machine }))
        {
            manager.FaultReported += (_, report) => faults.Add(report);
            manager.CreateTimerEvent(machine.GetUtcNow().AddDays(1), Timeout.InfiniteTimeSpan, (_, _) => { });
            manager.RemoteEndpoint.Kick();
            manager.RunOnce();
            Assert.Equal(1, machine.Timers);
            machine.KeepsListeners = true;
        }

        Assert.Equal(0, machine.Timers);
        Assert.Equal(FaultOrigin.Disposal, Assert.Single(faults).Origin);
    }

    /// <summary>A machine's clocks that stand still. The wall clock can be read so many times.</summary>
    private sealed class UnreadableMachine : MachineTimeProvider
    {
        private readonly VirtualClock _time = new();

        public override event EventHandler? ClockJumped
        {
            add => Listeners++;
            remove => Listeners -= KeepsListeners ? throw new FormatException("The clock is broken.") : 1;
        }

        public int Listeners { get; private set; }

        public bool KeepsListeners { get; set; }

        public int Timers => _time.TimerCount;

        public int DatesLeft { get; set; } = int.MaxValue;

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override long GetBootTimestamp() => _time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() =>
            DatesLeft-- > 0 ? _time.GetUtcNow() : throw new FormatException("The clock is broken.");

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _time.CreateTimer(callback, state, dueTime, period);
    }
}
