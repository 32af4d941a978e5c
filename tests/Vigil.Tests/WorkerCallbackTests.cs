using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>The promises of callbacks on workers, with a scripted executor whose every step the test decides.</summary>
public sealed class WorkerCallbackTests : IDisposable
{
    private static readonly CallbackTarget AnyWorker = CallbackTarget.Worker();

    private readonly ManualExecutor _workers = new();
    private readonly List<FaultReport> _faults = [];
    private readonly EventManager _manager;
    private readonly EventFd _fd = new();
    private readonly List<EventSet> _told = [];

    public WorkerCallbackTests()
    {
        _manager = new EventManager(new EventManagerOptions { Workers = _workers, UnhandledHangUpLimit = 3 });
        _manager.FaultReported += (_, report) => _faults.Add(report);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _fd.Dispose();
    }

    [Fact]
    public void A_source_that_stays_ready_is_silent_until_its_callback_has_ended_and_then_reported_again()
    {
        SocketEvent source = Watch(_fd, EventSet.In);
        _fd.TryAdd();
        Assert.Equal(1, Turn());
        Assert.Equal(1, _workers.Count);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, Turn());
        }

        Assert.Equal(1, _workers.Count);
        Assert.Empty(_told);
        Assert.Equal(WorkOutcome.Done, _workers.RunNext());
        Assert.Equal([EventSet.In], _told);

        // The callback's end re-arms the source, which is ready in the next iteration.
        Turn();
        Turn();
        Assert.Equal(1, _workers.Count);
        _fd.TryTake(out _);
        _workers.RunNext();
        Turn();
        Turn();
        Assert.Equal(0, _workers.Count);
        Assert.Equal(SourceState.Armed, source.State);
        Assert.Equal(EventSet.In, source.Interest);
        Assert.Equal(AnyWorker, source.Target);
        Assert.Equal(EventSet.In, Assert.Single(_manager.GetSources()).Interest);
    }

    [Fact]
    public void An_edge_that_comes_while_the_callback_runs_is_told_after_it_and_none_is_told_twice()
    {
        Watch(_fd, EventSet.In | EventSet.Out | EventSet.EdgeTriggered);
        Turn();
        _workers.RunNext();
        Assert.Equal([EventSet.Out], _told);
        Turn();

        // It is still writable, but not reported again, because there is no new edge.
        Assert.Equal(0, Turn());
        Assert.Equal(0, _workers.Count);
        _fd.TryAdd();
        Turn();
        _fd.TryAdd();
        Turn();
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Turn();
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Turn();
        Assert.Equal([EventSet.Out, EventSet.In | EventSet.Out, EventSet.In | EventSet.Out], _told);
        Assert.Equal(0, Turn());
        Assert.Equal(0, _workers.Count);
    }

    [Fact]
    public void A_one_shot_on_a_worker_is_told_once_for_each_arming()
    {
        SocketEvent source = Watch(_fd, EventSet.In | EventSet.OneShot);
        _fd.TryAdd();
        Turn();
        _workers.RunNext();
        Turn();
        Turn();
        Assert.Equal(0, _workers.Count);
        Assert.Equal(SourceState.Delivered, source.State);
        source.Arm();
        Turn();
        Assert.Equal(1, _workers.Count);

        // Armed while the callback is on its way: one more delivery, after it.
        source.Arm();
        Turn();
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Turn();
        Turn();
        _workers.RunNext();
        Turn();
        Turn();
        Assert.Equal(3, _told.Count);
        Assert.Equal(0, _workers.Count);
    }

    [Theory]
    [InlineData(EventSet.In | EventSet.OneShot)]
    [InlineData(EventSet.In | EventSet.Out | EventSet.EdgeTriggered)]
    public void What_came_while_a_callback_was_queued_that_a_modification_takes_back_is_told_once(EventSet interest)
    {
        SocketEvent source = Watch(_fd, interest);
        _fd.TryAdd();
        Turn();
        source.Arm();
        _fd.TryAdd();
        Turn();

        // The kernel checks again, and reports all kinds.
        source.Modify(interest);
        Turn();
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Turn();
        Turn();
        Assert.Equal([interest & (EventSet.In | EventSet.Out)], _told);
        Assert.Equal(0, _workers.Count);
    }

    [Fact]
    public void What_waits_for_a_worker_does_not_run_when_the_handle_was_closed_and_its_number_is_anothers()
    {
        var closed = new EventFd(1);
        SocketEvent source = Watch(closed, EventSet.In);
        Turn();
        closed.Dispose();
        using var successor = new EventFd();
        _manager.CreateSocketEvent(successor, EventSet.In, (_, _) => { });
        Turn();
        Assert.True(source.IsCancelled);
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Empty(_told);
    }

    [Fact]
    public void What_waits_for_a_worker_does_not_run_when_the_handle_was_closed_and_that_is_reported()
    {
        var closed = new EventFd(1);
        SocketEvent source = Watch(closed, EventSet.In);
        Turn();
        closed.Dispose();
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Equal(0, Turn());
        Assert.Empty(_told);
        Assert.Equal(SourceState.Removed, source.State);
        EventManagerException report = Assert.IsType<EventManagerException>(Assert.Single(_faults).Exception);
        Assert.Equal(EventManagerError.HandleClosed, report.Error);
        Assert.Empty(_manager.GetSources());
        Assert.Single(_faults);
    }

    [Fact]
    public void An_item_that_an_executor_runs_twice_does_nothing_the_second_time()
    {
        List<WorkItem> items = [];
        using var manager = new EventManager(new EventManagerOptions { Workers = new Keeping(items) });
        int called = 0;
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => called++, new() { Target = AnyWorker });
        userEvent.Trigger();
        manager.RunOnce();
        Assert.Equal([WorkOutcome.Done, WorkOutcome.Cancelled], [items[0].Run(), items[0].Run()]);
        Assert.Equal(1, called);
        manager.RunOnce();
        userEvent.Trigger();
        manager.RunOnce();
        Assert.Equal(WorkOutcome.Done, items[1].Run());
    }

    [Fact]
    public void A_callback_that_is_sent_because_the_last_has_ended_counts_in_that_iteration()
    {
        UserEvent userEvent = _manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }, new() { Target = AnyWorker });
        SocketEvent edge = Watch(_fd, EventSet.In | EventSet.EdgeTriggered);
        bool wasIdle = false;
        _manager.AddIdleHook(_ => wasIdle = true);
        for (int i = 0; i < 2; i++)
        {
            userEvent.Trigger();
            _fd.TryAdd();
            Assert.Equal(i == 0 ? 2 : 0, Turn());
        }

        wasIdle = false;
        _workers.RunNext();
        _workers.RunNext();
        Assert.Equal(2, Turn());
        Assert.False(wasIdle);
        Assert.Equal(2, _workers.Count);
        edge.Cancel();
    }

    [Fact]
    public void What_waits_for_a_worker_is_taken_back_when_the_source_is_disarmed_and_comes_when_it_is_armed()
    {
        SocketEvent source = Watch(_fd, EventSet.In);
        _fd.TryAdd();
        Turn();
        source.Disarm();
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Equal(0, Turn());
        Assert.Empty(_told);
        source.Arm();
        Turn();
        _workers.RunNext();
        Assert.Equal([EventSet.In], _told);
    }

    [Fact]
    public void Work_that_was_taken_back_and_is_wanted_again_keeps_its_place_and_runs_once()
    {
        SocketEvent source = Watch(_fd, EventSet.In);
        _fd.TryAdd();
        Turn();
        source.Disarm();
        source.Arm();
        Turn();
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Assert.Equal([EventSet.In], _told);
    }

    [Fact]
    public void A_modification_replaces_what_waits_for_a_worker()
    {
        using var pair = new UnixSocketPair();
        SocketEvent source = Watch(pair.First, EventSet.In | EventSet.Out);
        Turn();
        source.Modify(EventSet.In);
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Equal(0, Turn());
        NonBlocking.TryWrite(pair.Second, "x"u8);
        Turn();
        _workers.RunNext();
        Assert.Equal([EventSet.In], _told);
    }

    [Fact]
    public async Task Nothing_follows_a_cancellation_that_was_waited_for()
    {
        SocketEvent source = Watch(_fd, EventSet.In);
        _fd.TryAdd();
        Turn();
        Task cancelled = source.CancelAsync();
        Assert.True(cancelled.IsCompleted);
        await cancelled;
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Turn();
        Assert.Empty(_told);
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void What_a_callback_calls_on_its_event_is_done_by_the_loop_in_the_order_of_the_calls()
    {
        List<EventSet> interests = [];
        _fd.TryAdd();
        SocketEvent? source = null;
        source = _manager.CreateSocketEvent(_fd, EventSet.In, (self, _) =>
        {
            self.AddInterest(EventSet.Priority);
            self.Modify(EventSet.In | EventSet.Out);
            self.RemoveInterest(EventSet.In);
            interests.Add(self.Interest);
        }, new() { Target = AnyWorker });
        Turn();
        RunOnAnotherThread();
        Assert.Equal([EventSet.In], interests);
        Assert.Equal(EventSet.In, source.Interest);
        Turn();
        Assert.Equal(EventSet.Out, source.Interest);
    }

    [Fact]
    public void A_callback_may_disarm_and_cancel_its_event()
    {
        _fd.TryAdd();
        SocketEvent source = _manager.CreateSocketEvent(_fd, EventSet.In, (self, _) =>
        {
            self.Disarm();
            _told.Add(EventSet.In);
        }, new() { Target = AnyWorker });
        Turn();
        RunOnAnotherThread();
        Turn();
        Assert.Equal(SourceState.Disarmed, source.State);
        Assert.Equal(0, Turn());
        source.Cancel();

        Task? ended = null;
        using var other = new EventFd(1);
        SocketEvent second = _manager.CreateSocketEvent(
            other,
            EventSet.In,
            (self, _) => { ended = self.CancelAsync(); },
            new() { Target = AnyWorker });
        Turn();
        RunOnAnotherThread();
        Assert.False(second.IsCancelled);
        Turn();
        Assert.True(second.IsCancelled);
        Patience.Wait(ended!);
    }

    [Fact]
    public void What_a_callback_asks_for_too_late_is_no_fault()
    {
        _fd.TryAdd();
        SocketEvent source = _manager.CreateSocketEvent(
            _fd,
            EventSet.In,
            (self, _) => self.Modify(EventSet.Out),
            new() { Target = AnyWorker });
        Turn();
        RunOnAnotherThread();
        source.Cancel();
        Turn();
        Assert.Empty(_faults);
    }

    [Fact]
    public void Other_threads_than_the_loops_and_the_workers_are_refused()
    {
        SocketEvent source = Watch(_fd, EventSet.In);
        Exception? thrown = null;
        _manager.Defer(_ =>
        {
            var thread = new Thread(() => thrown = Record.Exception(source.Disarm));
            thread.Start();
            thread.Join();
        });
        Turn();
        Assert.Equal(EventManagerError.WrongThread, Assert.IsType<EventManagerException>(thrown).Error);
    }

    [Fact]
    public void What_a_callback_throws_on_a_worker_comes_out_of_the_run()
    {
        _fd.TryAdd();
        SocketEvent source = _manager.CreateSocketEvent(
            _fd,
            EventSet.In,
            (_, _) => throw new InvalidOperationException("bad"),
            new() { Target = AnyWorker });
        Turn();
        Assert.Equal(WorkOutcome.Failed, _workers.RunNext());
        Assert.Equal("bad", Assert.Throws<InvalidOperationException>(() => _manager.RunOnce(TimeSpan.Zero)).Message);
        FaultReport report = Assert.Single(_faults);
        Assert.Equal((FaultOrigin.SocketEvent, source, _fd.Number), (report.Origin, report.Event, report.Fd));
        Assert.Contains(nameof(What_a_callback_throws_on_a_worker_comes_out_of_the_run), report.ToString(), StringComparison.Ordinal);

        // The event is not over because of that.
        Turn();
        Assert.Equal(1, _workers.Count);
    }

    [Fact]
    public void A_policy_that_detaches_cancels_the_event()
    {
        using var manager = new EventManager(new EventManagerOptions { Workers = _workers, FaultPolicy = FaultPolicy.Detach });
        manager.FaultReported += (_, report) => _faults.Add(report);
        _fd.TryAdd();
        SocketEvent source = manager.CreateSocketEvent(
            _fd,
            EventSet.In,
            (_, _) => throw new InvalidOperationException("bad"),
            new() { Target = AnyWorker });
        manager.RunOnce(TimeSpan.Zero);
        _workers.RunNext();
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);
        Assert.True(source.IsCancelled);
        Assert.Equal(source, Assert.Single(_faults).Event);
        Assert.Equal(0, _workers.Count);
    }

    [Fact]
    public void Exclusive_and_threads_that_are_not_there_are_refused_before_anything_has_changed()
    {
        EventManagerException refused = Assert.Throws<EventManagerException>(() => Watch(_fd, EventSet.In | EventSet.Exclusive));
        Assert.Equal((EventManagerError.InvalidInterest, _fd.Number), (refused.Error, refused.Fd));
        var target = CallbackTarget.Thread(0);
        Assert.Throws<ArgumentOutOfRangeException>(
            "target",
            () => _manager.CreateSocketEvent(_fd, EventSet.In, (_, _) => { }, new() { Target = target }));
        Assert.Throws<ArgumentOutOfRangeException>(
            "target",
            () => _manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.Zero, (_, _) => { }, new() { Target = target }));
        Assert.Throws<ArgumentOutOfRangeException>(
            "target",
            () => _manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }, new() { Target = target }));
        Assert.Throws<ArgumentOutOfRangeException>("target", () => _manager.CreateFileEvent("/", (_, _) => { }, new() { Target = target }));
        Assert.Throws<ArgumentOutOfRangeException>(
            "target",
            () => _manager.CreateChildEvent(Environment.ProcessId, (_, _) => { }, new() { Target = target }));
        Assert.Throws<ArgumentOutOfRangeException>("thread", () => CallbackTarget.Thread(-1));
        Assert.Throws<ArgumentOutOfRangeException>("priority", () => CallbackTarget.Worker((WorkPriority)7));
        Assert.Empty(_manager.GetSources());
        Assert.Empty(_manager.GetTimers());
        SocketEvent source = Watch(_fd, EventSet.In);
        Assert.Equal(
            EventManagerError.ExclusiveNotModifiable,
            Assert.Throws<EventManagerException>(() => source.Modify(EventSet.In | EventSet.Exclusive)).Error);
        Assert.Equal(EventSet.In, source.Interest);
    }

    [Fact]
    public void Workers_that_refuse_a_callback_leave_its_source_disarmed_and_reported()
    {
        SocketEvent source = Watch(_fd, EventSet.In);
        _fd.TryAdd();
        _workers.Refuses = true;
        Turn();
        FaultReport report = Assert.Single(_faults);
        Assert.Equal(EventManagerError.WorkQueueFull, Assert.IsType<EventManagerException>(report.Exception).Error);
        Assert.Equal((source, _fd.Number), (report.Event, report.Fd));
        Assert.Equal(SourceState.Disarmed, source.State);
        Assert.Equal(0, Turn());

        // The event is not lost: it comes when the source is armed.
        _workers.Refuses = false;
        source.Arm();
        Turn();
        _workers.RunNext();
        Assert.Equal([EventSet.In], _told);
        Turn();
        Turn();
        _workers.DropNext();
        Turn();
        Assert.Equal(2, _faults.Count);
        Assert.Equal(SourceState.Disarmed, source.State);
    }

    [Fact]
    public void A_callback_that_closes_its_file_ends_its_event()
    {
        SocketEvent? source = null;
        var fd = new EventFd(1);
        source = _manager.CreateSocketEvent(fd, EventSet.In, (_, _) => fd.Dispose(), new() { Target = AnyWorker });
        Turn();
        _workers.RunNext();
        Turn();
        Assert.True(source.IsCancelled);
        Assert.Empty(_faults);
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void A_raw_number_that_was_closed_behind_the_events_back_is_reported()
    {
        using var pair = new UnixSocketPair();
        NonBlocking.TryWrite(pair.Second, "x"u8);
        SocketEvent source = Watch(pair.First.Number, EventSet.In);
        Turn();
        pair.First.Dispose();
        _workers.RunNext();
        Turn();
        Assert.True(source.IsCancelled);
        Assert.Equal(FaultOrigin.Registration, Assert.Single(_faults).Origin);
    }

    [Fact]
    public void A_hang_up_that_no_callback_deals_with_does_not_go_round_for_ever()
    {
        using var pipe = new UnixPipe();
        SocketEvent source = Watch(pipe.Reader, EventSet.In);
        pipe.Writer.Dispose();
        int turns = 0;
        while (source.State != SourceState.Disarmed)
        {
            Assert.True(++turns < 20);
            Turn();
            while (_workers.Count > 0)
            {
                _workers.RunNext();
            }
        }

        Assert.Equal(EventManagerError.Spinning, Assert.IsType<EventManagerException>(Assert.Single(_faults).Exception).Error);
        Assert.InRange(_told.Count, 2, 5);
    }

    [Fact]
    public void After_the_managers_end_nothing_runs()
    {
        Watch(_fd, EventSet.In);
        int others = 0;
        UserEvent userEvent = _manager.CreateUserEvent(UserEventMerge.Add, (_, _) => others++, new() { Target = AnyWorker });
        _manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.Zero, (_, _) => others++, new() { Target = AnyWorker });
        _fd.TryAdd();
        userEvent.Trigger();
        Turn();
        Assert.Equal(3, _workers.Count);
        _manager.Dispose();
        while (_workers.Count > 0)
        {
            Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        }

        Assert.Equal(0, others);
        Assert.Empty(_told);
    }

    [Fact]
    public void Triggers_while_a_worker_calls_back_are_one_more_callback_with_their_sum()
    {
        List<long> values = [];
        UserEvent userEvent = _manager.CreateUserEvent(UserEventMerge.Add, (_, value) => values.Add(value), new() { Target = AnyWorker });
        userEvent.Trigger(1);
        userEvent.Trigger(2);
        Assert.Equal(1, Turn());
        userEvent.Trigger(10);
        Assert.Equal(0, Turn());
        userEvent.Trigger(20);
        Assert.Equal(0, Turn());
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Turn();
        userEvent.Trigger(100);
        _workers.RunNext();
        Turn();
        Turn();
        _workers.RunNext();
        Turn();
        Assert.Equal([3, 30, 100], values);
        Assert.Equal(0, _workers.Count);
    }

    [Theory]
    [InlineData(MissedTickPolicy.Skip, new long[] { 0, 2, 0 })]
    [InlineData(MissedTickPolicy.Burst, new long[] { 0, 2, 1 })]
    public void Ticks_that_are_due_while_a_worker_calls_back_come_after_it(MissedTickPolicy policy, long[] missed)
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { Workers = _workers, TimeProvider = time });
        List<long> told = [];
        TimerEvent timer = manager.CreateTimerEvent(
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), (_, tick) => told.Add(tick.Missed), new()
            {
                MissedTicks = policy,
                Target = AnyWorker
            });
        time.Advance(TimeSpan.FromSeconds(1));
        manager.RunOnce(TimeSpan.Zero);
        time.Advance(TimeSpan.FromSeconds(3.5));
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(1, _workers.Count);
        _workers.RunNext();
        Assert.Equal(TimerState.Started, timer.State);
        while (told.Count < 3)
        {
            manager.RunOnce(TimeSpan.Zero);
            manager.RunOnce(TimeSpan.Zero);
            if (_workers.Count == 0)
            {
                time.Advance(TimeSpan.FromSeconds(0.5));
            }
            else
            {
                _workers.RunNext();
            }
        }

        Assert.Equal(missed, told);
    }

    [Fact]
    public void A_timer_may_be_changed_in_its_callback_on_a_worker()
    {
        int fired = 0;
        TimerEvent timer = _manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.Zero, (self, _) =>
        {
            fired++;
            self.Change(fired < 3 ? TimeSpan.Zero : TimeSpan.FromHours(1), TimeSpan.FromHours(2));
        }, new() { Target = AnyWorker });
        for (int i = 0; i < 3; i++)
        {
            Turn();
            RunOnAnotherThread();
            Turn();
        }

        Assert.Equal(3, fired);
        Assert.Equal(TimerState.Started, timer.State);
        Assert.Equal(TimeSpan.FromHours(2), timer.Period);
        Assert.InRange(timer.Remaining, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));
        Assert.Contains(nameof(A_timer_may_be_changed_in_its_callback_on_a_worker), timer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_that_is_started_anew_does_not_tell_of_the_tick_that_waits_for_a_worker()
    {
        int fired = 0;
        TimerEvent timer = _manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.Zero, (_, _) => fired++, new() { Target = AnyWorker });
        Turn();
        timer.Change(TimeSpan.FromHours(1));
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Turn();
        Assert.Equal(0, fired);
        Assert.Equal(TimerState.Started, timer.State);
        timer.Change(TimeSpan.Zero);
        Turn();
        timer.Suspend();
        timer.Cancel();
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Equal(0, fired);
    }

    [Theory]
    [InlineData(MissedTickPolicy.Skip, 1.25, 1, 0.25)]
    [InlineData(MissedTickPolicy.Burst, 1.25, 1, 0)]
    [InlineData(MissedTickPolicy.Delay, 1.25, 1, 1)]
    [InlineData(MissedTickPolicy.Skip, 0.75, 1, 0.75)]
    public void A_tick_that_waits_for_a_worker_when_its_timer_is_suspended_comes_when_it_is_resumed(
        MissedTickPolicy policy,
        double lateness,
        long missed,
        double next)
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { Workers = _workers, TimeProvider = time });
        var second = TimeSpan.FromSeconds(1);
        List<TimerTick> told = [];
        TimerEvent timer = manager.CreateTimerEvent(
            second,
            second,
            (_, tick) => told.Add(tick),
            new() { MissedTicks = policy, Target = AnyWorker });
        time.Advance(second + TimeSpan.FromSeconds(lateness));
        manager.RunOnce(TimeSpan.Zero);

        // Half a second until it is suspended, and then an hour that does not count.
        time.Advance(TimeSpan.FromSeconds(0.5));
        timer.Suspend();
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Equal((TimerState.Suspended, TimeSpan.Zero), (timer.State, timer.Remaining));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        timer.Resume();
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        _workers.RunNext();
        Assert.Equal([new TimerTick(TimeSpan.FromSeconds(lateness + 0.5), missed)], told);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(next), timer.Remaining);
    }

    [Fact]
    public void A_tick_with_none_after_it_until_the_end_of_the_clock_is_as_late_as_it_waited()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { Workers = _workers, TimeProvider = time });
        var second = TimeSpan.FromSeconds(1);
        TimerTick told = default;
        TimerEvent timer = manager.CreateTimerEvent(second, TimeSpan.MaxValue, (_, tick) => told = tick, new() { Target = AnyWorker });
        time.Advance(second);
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        time.Advance(second);
        timer.Suspend();
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        timer.Resume();
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        _workers.RunNext();
        Assert.Equal(new TimerTick(second, 0), told);
        Assert.Equal(TimerState.Idle, timer.State);
    }

    [Fact]
    public void A_one_shot_that_waits_for_a_worker_can_be_suspended_and_one_whose_callback_runs_is_left_alone()
    {
        int fired = 0;
        TimerEvent timer = _manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.Zero, (self, _) =>
        {
            fired++;
            self.Suspend();
        }, new() { Target = AnyWorker });
        Turn();
        timer.Suspend();
        Assert.Equal(TimerState.Suspended, timer.State);
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Turn();
        Assert.Equal(0, fired);
        timer.Resume();
        Turn();
        RunOnAnotherThread();
        Turn();
        Assert.Equal((1, TimerState.Idle), (fired, timer.State));
    }

    [Fact]
    public void A_childs_end_is_told_on_a_worker()
    {
        ChildExit? exit = null;
        using Process process = Process.Start("sh", ["-c", "exit 7"]);
        ChildEvent child = _manager.CreateChildEvent(process, (_, how) => exit = how, new() { Target = AnyWorker });
        _manager.RunUntil(() => _workers.Count > 0);
        Assert.Null(exit);
        Assert.True(child.IsCancelled);
        _workers.RunNext();
        Assert.Equal(new ChildExit(7, null), exit);
    }

    [Fact]
    public void A_worker_is_told_of_files_in_order_and_holds_up_nobody_elses()
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _workers });
        List<FileChange> told = [];
        FileEvent slow = files.Manager.CreateFileEvent(files.Root, (_, change) => told.Add(change), new() { Target = AnyWorker });
        files.Watch();
        for (int i = 0; i < 10; i++)
        {
            files.Write($"a{i}");
        }

        files.Settle();
        files.Manager.RunUntil(() => _workers.Count > 0);
        int atFirst = _workers.Count;
        for (int i = 0; i < 10; i++)
        {
            files.Write($"b{i}");
        }

        // The others are reported at once, before the worker has even begun.
        files.Settle();
        Assert.Equal(1, atFirst);
        Assert.Equal(1, _workers.Count);
        Assert.Equal(20, files.Changes.Count(change => change.Kind == FileChangeKind.Created));
        Assert.Empty(told);
        while (told.Count == 0 || told[^1].Path != files.At("b9"))
        {
            files.Manager.RunUntil(() => _workers.Count > 0);
            _workers.RunNext();
        }

        Assert.Equal(Created(files.Changes), Created(told));
        files.Write("c");
        files.Manager.RunUntil(() => _workers.Count > 0);
        slow.Cancel();
        Assert.Equal(WorkOutcome.Cancelled, _workers.RunNext());
        Assert.Equal(0, slow.DirectoryCount);
    }

    [Fact]
    public void A_file_event_that_is_cancelled_in_its_own_callback_tells_nothing_more()
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _workers });
        int told = 0;
        FileEvent fileEvent = files.Manager.CreateFileEvent(
            files.Root,
            (source, _) =>
            {
                told++;
                source.Cancel();
            },
            new FileEventOptions { Target = AnyWorker });
        for (int i = 0; i < 20; i++)
        {
            files.Write($"{i}");
        }

        files.Manager.RunUntil(() => _workers.Count > 0);
        _workers.RunNext();
        Assert.Equal(1, told);
        files.Manager.RunUntil(() => fileEvent.IsCancelled);
        files.Write("later");
        files.Settle();
        Assert.Equal((0, 1), (_workers.Count, told));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_event_on_a_worker_tells_nothing_more_when_its_manager_was_disposed(bool isAsynchronous)
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _workers });
        int told = 0;
        var options = new FileEventOptions { Target = AnyWorker };
        if (isAsynchronous)
        {
            files.Manager.CreateFileEvent(
                files.Root,
                (_, _) =>
                {
                    DisposeAtFirst();
                    return Task.CompletedTask;
                },
                options);
        }
        else
        {
            files.Manager.CreateFileEvent(files.Root, (_, _) => DisposeAtFirst(), options);
        }

        for (int i = 0; i < 20; i++)
        {
            files.Write($"{i}");
        }

        files.Manager.RunUntil(() => _workers.Count > 0);
        _workers.RunNext();
        Assert.Equal(1, told);

        void DisposeAtFirst()
        {
            told++;
            files.Manager.Dispose();
        }
    }

    [Fact]
    public void A_watched_directory_that_is_gone_is_told_on_a_worker_to_the_end()
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _workers });
        string directory = files.Make("d");
        List<FileChangeKind> told = [];
        FileEvent fileEvent = files.Manager.CreateFileEvent(directory, (_, change) => told.Add(change.Kind), new() { Target = AnyWorker });
        files.Write("d/x");
        Directory.Delete(directory, recursive: true);
        while (!told.Contains(FileChangeKind.RootDeleted))
        {
            files.Manager.RunUntil(() => _workers.Count > 0);
            _workers.RunNext();
        }

        Assert.True(fileEvent.IsCancelled);
        Assert.Equal(FileChangeKind.RootDeleted, told[^1]);
    }

    [Fact]
    public void A_file_event_whose_changes_workers_have_refused_looks_at_everything_again_when_they_take_the_next()
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _workers });
        files.Manager.FaultReported += (_, report) => _faults.Add(report);
        List<FileChange> told = [];
        FileEvent fileEvent = files.Manager.CreateFileEvent(files.Root, (_, change) => told.Add(change), new() { Target = AnyWorker });
        _workers.Refuses = true;
        files.Write("refused");
        files.Manager.RunUntil(() => _faults.Count > 0);
        Assert.Equal(EventManagerError.WorkQueueFull, Assert.IsType<EventManagerException>(_faults[0].Exception).Error);
        Assert.Equal(fileEvent, _faults[0].Event);

        // It does not try again by itself, which would never end.
        files.Settle();
        int refusals = _faults.Count;
        Assert.Equal(0, files.Manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(refusals, _faults.Count);
        _workers.Refuses = false;
        files.Write("dropped");
        files.Manager.RunUntil(() => _workers.Count > 0);
        _workers.DropNext();
        files.Manager.RunUntil(() => _faults.Count > refusals);
        files.Write("taken");
        while (!told.Exists(change => change.Kind == FileChangeKind.Rescanned))
        {
            files.Manager.RunUntil(() => _workers.Count > 0);
            _workers.RunNext();
        }

        Assert.Contains(told, change => change.Kind == FileChangeKind.Created && change.Path == files.At("taken"));
        Assert.Equal(
            [files.At("dropped"), files.At("refused"), files.At("taken")],
            told.Where(change => change.Kind == FileChangeKind.Found).Select(change => change.Path).Order(StringComparer.Ordinal));
    }

    private SocketEvent Watch(FileDescriptor fd, EventSet interest) =>
        _manager.CreateSocketEvent(fd, interest, (_, ready) => _told.Add(ready), new() { Target = AnyWorker });

    private static IEnumerable<string> Created(List<FileChange> changes) =>
        changes.Where(change => change.Kind == FileChangeKind.Created).Select(change => change.Path);

    private int Turn() => _manager.RunOnce(TimeSpan.Zero);

    private void RunOnAnotherThread()
    {
        WorkOutcome outcome = WorkOutcome.Cancelled;
        var thread = new Thread(() => outcome = _workers.RunNext());
        thread.Start();
        thread.Join();
        Assert.Equal(WorkOutcome.Done, outcome);
    }

    private sealed class Keeping(List<WorkItem> items) : IWorkExecutor
    {
        public int ThreadCount => 0;

        public bool TryExecute(in WorkItem item)
        {
            items.Add(item);
            return true;
        }
    }
}
