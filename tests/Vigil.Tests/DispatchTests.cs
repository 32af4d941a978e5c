namespace Vigil.Tests;

public sealed class DispatchTests : IDisposable
{
    private readonly EventManager _manager = new();
    private readonly EventFd _a = new(1);
    private readonly EventFd _b = new(1);
    private readonly EventFd _c = new(1);

    public void Dispose()
    {
        _manager.Dispose();
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
    }

    [Fact]
    public void Data_fd_and_set_are_delivered_as_registered()
    {
        var subscriber = TestSubscriber.For(new Events(_a, EventSet.In | EventSet.Out, 0xFFFF_FFFE));
        _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(new Events(_a, EventSet.In | EventSet.Out, 0xFFFF_FFFE), Assert.Single(subscriber.Seen));
    }

    [Fact]
    public void Interest_added_while_another_event_is_handled_is_first_delivered_in_the_next_iteration()
    {
        var subscriber = TestSubscriber.For(new Events(_a, EventSet.In, 1), (events, ops) =>
        {
            if (events.Data == 1)
            {
                ops.Remove(events);
                ops.Add(new Events(_b, EventSet.In, 2));
            }
        });
        _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal([1u], subscriber.Seen.Select(events => events.Data));
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal([1u, 2u], subscriber.Seen.Select(events => events.Data));
    }

    [Fact]
    public void Remove_readd_and_modify_in_a_callback_with_three_fds_ready_gives_exactly_one_callback_in_that_iteration()
    {
        EventFd[] fds = [_a, _b, _c];
        bool changed = false;
        var subscriber = new TestSubscriber(
            ops =>
            {
                for (uint i = 0; i < 3; i++)
                {
                    ops.Add(new Events(fds[i], EventSet.In, i));
                }
            },
            (events, ops) =>
            {
                if (changed)
                {
                    return;
                }

                changed = true;
                EventFd[] others = [.. fds.Where(fd => fd != events.Fd.Handle)];
                ops.Remove(others[0]);
                ops.Add(new Events(others[0], EventSet.In, 10));
                ops.Modify(new Events(others[1], EventSet.None, 11));
                ops.Remove(events);
            });
        _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Single(subscriber.Seen);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(10u, subscriber.Seen[1].Data);
    }

    [Fact]
    public void An_fd_removed_while_another_of_the_same_batch_is_handled_is_not_called()
    {
        var subscriber = new TestSubscriber(
            ops =>
            {
                ops.Add(new Events(_a, EventSet.In, 0));
                ops.Add(new Events(_b, EventSet.In, 1));
            },
            (events, ops) => ops.Remove(events.Data == 0 ? _b : _a));
        _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Single(subscriber.Seen);
    }

    [Fact]
    public void After_Modify_a_pending_event_comes_with_the_new_data_and_only_the_bits_still_asked_for()
    {
        var subscriber = new TestSubscriber(
            ops =>
            {
                ops.Add(new Events(_a, EventSet.In | EventSet.Out, 0));
                ops.Add(new Events(_b, EventSet.In | EventSet.Out, 0));
            },
            (events, ops) =>
            {
                if (events.Data == 0)
                {
                    ops.Modify(new Events(events.Fd.Handle == _a ? _b : _a, EventSet.Out, 7));
                }
            });
        _manager.AddSubscriber(subscriber);
        Assert.Equal(2, _manager.RunOnce());
        Assert.Equal((7u, EventSet.Out), (subscriber.Seen[1].Data, subscriber.Seen[1].Set));
    }

    [Fact]
    public void A_subscriber_removes_itself_and_none_of_its_pending_events_follows()
    {
        SubscriberId id = default;
        var subscriber = new TestSubscriber(
            ops =>
            {
                ops.Add(new Events(_a, EventSet.In));
                ops.Add(new Events(_b, EventSet.In));
            },
            (_, ops) =>
            {
                Assert.Same(_manager, EventManager.Current);
                EventManager.Current!.RemoveSubscriber(id);
                try
                {
                    ops.Add(new Events(_c, EventSet.In));
                    Assert.Fail("The operation of a removed subscriber went through.");
                }
                catch (EventManagerException exception)
                {
                    Assert.Equal(EventManagerError.SubscriberNotFound, exception.Error);
                }
            });
        id = _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Empty(_manager.GetSubscribers());
        Assert.Empty(_manager.GetSources());
    }

    [Theory]
    [InlineData(256)]
    [InlineData(65_536)]
    public void Of_500_ready_fds_that_one_callback_removes_none_is_called(int readyCapacity)
    {
        using var manager = new EventManager(new EventManagerOptions { ReadyCapacity = readyCapacity });
        EventFd[] fds = [.. Enumerable.Range(0, 500).Select(_ => new EventFd(1))];
        var subscriber = new TestSubscriber(
            ops =>
            {
                foreach (EventFd fd in fds)
                {
                    ops.Add(new Events(fd, EventSet.In));
                }
            },
            (_, ops) =>
            {
                foreach (EventFd fd in fds)
                {
                    ops.Remove(fd);
                }
            });
        manager.AddSubscriber(subscriber);

        // The buffer grows with use: before it holds all of them, smaller batches come and go.
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Single(subscriber.Seen);
        Array.ForEach(fds, fd => fd.Dispose());
    }

    [Fact]
    public void Edge_triggered_reports_each_change_once_and_level_triggered_as_long_as_it_lasts()
    {
        var edge = TestSubscriber.For(new Events(_a, EventSet.In | EventSet.EdgeTriggered));
        var level = TestSubscriber.For(new Events(_b, EventSet.In));
        _manager.AddSubscriber(edge);
        _manager.AddSubscriber(level);
        _manager.RunOnce();
        _manager.RunOnce();
        Assert.Equal((1, 2), (edge.Seen.Count, level.Seen.Count));
        _a.TryAdd();
        _manager.RunOnce();
        Assert.Equal((2, 3), (edge.Seen.Count, level.Seen.Count));
    }

    [Fact]
    public void One_shot_reports_once_until_it_is_armed_or_modified()
    {
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(_a, EventSet.In | EventSet.OneShot)));
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(SourceState.Delivered, Assert.Single(_manager.GetSources()).State);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        _manager.GetEventOps(id).Arm(_a);
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        _manager.GetEventOps(id).Modify(new Events(_a, EventSet.In | EventSet.OneShot));
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_one_shot_that_is_modified_with_its_event_pending_is_delivered_once_for_the_new_arming()
    {
        var oneShot = new TestSubscriber(ops =>
        {
            ops.Add(new Events(_a, EventSet.In | EventSet.OneShot, 1));
            ops.Add(new Events(_b, EventSet.In | EventSet.OneShot, 1));
        });
        SubscriberId id = default;
        using SocketEvent modifier = _manager.CreateSocketEvent(
            _c,
            EventSet.In | EventSet.OneShot,
            (_, _) =>
            {
                _manager.GetEventOps(id).Modify(new Events(_a, EventSet.In | EventSet.OneShot, 2));
                _manager.GetEventOps(id).Modify(new Events(_b, EventSet.In | EventSet.OneShot, 2));
            },
            new() { Priority = DispatchPriority.High });
        id = _manager.AddSubscriber(oneShot);
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(2, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal([2u, 2u], oneShot.Seen.Select(events => events.Data));
    }

    [Fact]
    public void Disarm_silences_even_a_hang_up_and_Arm_brings_back_what_is_ready()
    {
        using var pipe = new UnixPipe();
        NonBlocking.TryWrite(pipe.Writer, "x"u8);
        pipe.Writer.Dispose();
        var subscriber = TestSubscriber.For(new Events(pipe.Reader, EventSet.In), (events, ops) => ops.Disarm(events));
        SubscriberId id = _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(SourceState.Disarmed, Assert.Single(_manager.GetSources()).State);
        _manager.GetEventOps(id).Modify(new Events(pipe.Reader, EventSet.In, 5));
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        _manager.GetEventOps(id).Arm(pipe.Reader);
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal((EventSet.In | EventSet.HangUp, 5u), (subscriber.Seen[1].Set, subscriber.Seen[1].Data));
    }

    [Fact]
    public void An_fd_disarmed_or_disarmed_and_armed_with_its_event_pending_is_not_called_in_that_iteration()
    {
        var victims = new TestSubscriber(ops =>
        {
            ops.Add(new Events(_a, EventSet.In | EventSet.EdgeTriggered));
            ops.Add(new Events(_b, EventSet.In | EventSet.EdgeTriggered));
        });
        SubscriberId id = _manager.AddSubscriber(victims);
        using SocketEvent first = _manager.CreateSocketEvent(
            _c,
            EventSet.In,
            (source, _) =>
            {
                _manager.GetEventOps(id).Disarm(_a);
                _manager.GetEventOps(id).Disarm(_b);
                _manager.GetEventOps(id).Arm(_b);
                source.Cancel();
            },
            new() { Priority = DispatchPriority.High });
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
        Assert.Same(_b, Assert.Single(victims.Seen).Fd.Handle);
    }

    [Fact]
    public void Single_flags_are_added_and_removed_and_the_interest_can_be_asked_for()
    {
        var subscriber = TestSubscriber.For(new Events(_a, EventSet.In, 3));
        SubscriberId id = _manager.AddSubscriber(subscriber);
        EventOps ops = _manager.GetEventOps(id);
        ops.AddInterest(_a, EventSet.Out);
        Assert.Equal(EventSet.In | EventSet.Out, ops.GetInterest(_a));
        ops.RemoveInterest(_a, EventSet.In);
        Assert.Equal(EventSet.Out, ops.GetInterest(_a));
        _manager.RunOnce();
        Assert.Equal(new Events(_a, EventSet.Out, 3), Assert.Single(subscriber.Seen));
        Assert.False(ops.TryGetInterest(_b, out _));
    }

    [Fact]
    public void Priorities_order_what_is_ready_in_one_iteration_and_starve_nobody()
    {
        List<string> order = [];
        using SocketEvent low = _manager.CreateSocketEvent(
            _a,
            EventSet.In,
            (_, _) => order.Add("low"),
            new() { Priority = DispatchPriority.Low });
        using SocketEvent normal = _manager.CreateSocketEvent(_b, EventSet.In, (_, _) => order.Add("normal"));
        using SocketEvent high = _manager.CreateSocketEvent(
            _c,
            EventSet.In,
            (_, _) => order.Add("high"),
            new() { Priority = DispatchPriority.High });
        Assert.Equal(3, _manager.RunOnce());
        Assert.Equal(["high", "normal", "low"], order);
    }

    [Fact]
    public void Every_one_of_more_ready_fds_than_the_capacity_is_served_in_turn()
    {
        using var manager = new EventManager(new EventManagerOptions { ReadyCapacity = 4 });
        EventFd[] fds = [.. Enumerable.Range(0, 40).Select(_ => new EventFd(1))];
        HashSet<uint> served = [];
        var subscriber = new TestSubscriber(
            ops =>
            {
                for (int i = 0; i < fds.Length; i++)
                {
                    ops.Add(new Events(fds[i], EventSet.In, (uint)i));
                }
            },
            (events, _) => served.Add(events.Data));
        manager.AddSubscriber(subscriber);
        for (int i = 0; i < 12; i++)
        {
            Assert.InRange(manager.RunOnce(), 1, 4);
        }

        Assert.Equal(40, served.Count);
        Array.ForEach(fds, fd => fd.Dispose());
    }

    [Fact]
    public void An_injected_event_is_delivered_as_if_the_kernel_had_reported_it()
    {
        using var quiet = new EventFd();
        var subscriber = TestSubscriber.For(new Events(quiet, EventSet.In | EventSet.OneShot, 9));
        SubscriberId id = _manager.AddSubscriber(subscriber);
        _manager.Inject(id, new Events(quiet, EventSet.In | EventSet.Out, 1));
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(new Events(quiet, EventSet.In, 9), Assert.Single(subscriber.Seen));

        // A one-shot is used up, whichever callback used it.
        quiet.TryAdd();
        _manager.Inject(id, new Events(quiet, EventSet.In));
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        _manager.GetEventOps(id).Arm(quiet);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(
            EventManagerError.NotRegistered,
            Assert.Throws<EventManagerException>(() => _manager.Inject(id, new Events(_a, EventSet.In))).Error);
    }

    [Fact]
    public void What_is_injected_in_a_callback_comes_in_the_next_iteration_whatever_phase_it_is()
    {
        using var quiet = new EventFd();
        int iteration = 0;
        List<int> deliveries = [];
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(quiet, EventSet.In), (_, _) => deliveries.Add(iteration)));
        bool inHook = false;
        using HookRegistration hook = _manager.AddPrepareHook(_ => InjectIf(inHook));
        TimerEvent timer = _manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => InjectIf(true));
        Run(0);
        Assert.Empty(deliveries);
        Run(1);
        Assert.Equal([1], deliveries);
        inHook = true;
        Run(2);
        inHook = false;
        Assert.Equal([1], deliveries);
        Run(3);
        Assert.Equal([1, 3], deliveries);
        InjectIf(true);
        Run(4);
        Run(5);
        Assert.Equal([1, 3, 4], deliveries);
        timer.Cancel();

        void Run(int number)
        {
            iteration = number;
            _manager.RunOnce(TimeSpan.Zero);
        }

        void InjectIf(bool injects)
        {
            if (injects)
            {
                _manager.Inject(id, new Events(quiet, EventSet.In));
            }
        }
    }

    [Theory]
    [InlineData(EventSet.In | EventSet.EdgeTriggered)]
    [InlineData(EventSet.In | EventSet.OneShot)]
    [InlineData(EventSet.In | EventSet.WakeUp)]
    public void Modes_are_never_delivered(EventSet interest)
    {
        using var quiet = new EventFd();
        var subscriber = TestSubscriber.For(new Events(quiet, interest));
        SubscriberId id = _manager.AddSubscriber(subscriber);
        _manager.Inject(id, new Events(quiet, interest & ~EventSet.In));
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        _manager.Inject(id, new Events(quiet, interest));
        Assert.Equal(1, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(EventSet.In, Assert.Single(subscriber.Seen).Set);
    }

    [Fact]
    public void The_sources_and_subscribers_can_be_looked_at()
    {
        var subscriber = TestSubscriber.For(new Events(_a, EventSet.In, 4));
        SubscriberId id = _manager.AddSubscriber(subscriber, DispatchPriority.Low);
        using SocketEvent socketEvent = _manager.CreateSocketEvent(_b, EventSet.Out, (_, _) => { });
        Assert.Equal(
            new SubscriberInfo { Id = id, Subscriber = subscriber, DispatchPriority = DispatchPriority.Low, SourceCount = 1 },
            Assert.Single(_manager.GetSubscribers()));
        Assert.Equal(2, _manager.GetSources().Count);
        Assert.Contains(
            new SourceInfo
            {
                Fd = _a,
                Interest = EventSet.In,
                Data = 4,
                State = SourceState.Armed,
                DispatchPriority = DispatchPriority.Low,
                SubscriberId = id,
                Event = null
            },
            _manager.GetSources());
        Assert.Contains(
            new SourceInfo
            {
                Fd = _b,
                Interest = EventSet.Out,
                Data = 0,
                State = SourceState.Armed,
                DispatchPriority = DispatchPriority.Normal,
                SubscriberId = default,
                Event = socketEvent
            },
            _manager.GetSources());
    }
}
