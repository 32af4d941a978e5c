using System.Collections.Concurrent;

namespace Vigil.Tests;

public sealed class DisposalTests
{
    [Fact]
    public void Whoever_disposes_an_event_or_a_hook_on_another_thread_than_the_one_that_runs_the_manager_has_it_ended_there()
    {
        using var loop = new LoopThread();
        int hooks = 0;
        (TimerEvent timer, HookRegistration hook) = loop.Endpoint.CallBlocking(manager => (
            manager.CreateTimerEvent(TimeSpan.FromDays(1), (_, _) => { }), manager.AddPrepareHook(_ => hooks++)));
        Assert.Throws<EventManagerException>(timer.Cancel);
        timer.Dispose();
        hook.Dispose();
        Assert.True(loop.Endpoint.CallBlocking(_ => timer.IsCancelled));
        int before = loop.Endpoint.CallBlocking(_ => hooks);
        loop.Endpoint.CallBlocking(_ => { });
        Assert.Equal(before, loop.Endpoint.CallBlocking(_ => hooks));
        Assert.Empty(loop.Endpoint.CallBlocking(manager => manager.GetTimers()));
    }

    [Fact]
    public void Whoever_disposes_an_event_or_a_hook_during_another_threads_last_run_gets_no_exception_and_nothing_is_reported()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var loop = new LoopThread();
        var faults = new ConcurrentQueue<FaultReport>();
        loop.Manager.FaultReported += (_, report) => faults.Enqueue(report);
        (TimerEvent timer, HookRegistration hook) = loop.Endpoint.CallBlocking(manager => (
            manager.CreateTimerEvent(TimeSpan.FromDays(1), (_, _) => { }), manager.AddPrepareHook(_ => { })));
        loop.Endpoint.Fire(_ =>
        {
            entered.Set();
            release.Wait(Patience.Limit);
        });
        entered.Wait(Patience.Limit);
        Task disposal = loop.Manager.DisposeAsync().AsTask();
        Exception? thrown = Record.Exception(() =>
        {
            timer.Dispose();
            hook.Dispose();
        });
        release.Set();
        Patience.Wait(disposal);
        Assert.Null(thrown);
        Assert.True(timer.IsCancelled);
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whoever_is_interrupted_while_disposing_waits_for_the_end_and_finds_the_interrupt_pending(bool isPool)
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var loop = new LoopThread();
        var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1, DrainTimeout = Timeout.InfiniteTimeSpan });
        using var sender = new EventManager(new EventManagerOptions { Workers = pool });
        if (isPool)
        {
            sender.ExecuteWork(WorkPriority.Normal, Block);
        }
        else
        {
            loop.Endpoint.Fire(_ => Block());
        }

        Assert.True(entered.Wait(Patience.Limit));
        Exception? thrown = null;
        bool isOver = false;
        bool isPending = false;
        var disposing = new Thread(() =>
        {
            Thread.CurrentThread.Interrupt();
            thrown = Record.Exception(() =>
            {
                if (isPool)
                {
                    pool.Dispose();
                }
                else
                {
                    loop.Manager.Dispose();
                }
            });
            isOver = release.IsSet;
            isPending = Record.Exception(() => Thread.Sleep(0)) is ThreadInterruptedException;
        });
        disposing.Start();
        Assert.True(SpinWait.SpinUntil(
            () => !disposing.IsAlive || disposing.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience.Limit));
        release.Set();
        Assert.True(disposing.Join(Patience.Limit));
        pool.Dispose();
        Assert.Null(thrown);
        Assert.True(isOver);
        Assert.True(isPending);

        void Block()
        {
            entered.Set();
            release.Wait(Patience.Limit);
        }
    }

    [Fact]
    public async Task Asynchronous_disposal_ends_with_the_run_of_another_thread_and_blocks_nobody()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var loop = new LoopThread();
        loop.Endpoint.Fire(_ =>
        {
            entered.Set();
            release.Wait(Patience.Limit);
        });
        entered.Wait(Patience.Limit);
        Task disposal = loop.Manager.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        release.Set();
        await disposal.WaitAsync(Patience.Limit);
        Assert.Throws<ObjectDisposedException>(() => loop.Endpoint.Fire(_ => { }));
    }

    [Fact]
    public async Task Asynchronous_disposal_inside_a_callback_takes_effect_when_the_iteration_ends_and_what_awaits_it_goes_on()
    {
        var manager = new EventManager();
        Task? goesOn = null;
        manager.Defer(running => goesOn = EndAsync(running));
        manager.RunOnce(TimeSpan.Zero);
        await goesOn!.WaitAsync(Patience.Limit);
        Assert.Throws<ObjectDisposedException>(() => manager.RunOnce());

        static async Task EndAsync(EventManager running)
        {
            await running.DisposeAsync();
            Assert.Null(EventManager.Current);
        }
    }

    [Fact]
    public async Task Asynchronous_disposal_of_a_manager_that_nobody_runs_is_done_at_once()
    {
        var manager = new EventManager();
        ValueTask disposal = manager.DisposeAsync();
        Assert.True(disposal.IsCompletedSuccessfully);
        await disposal;
        await manager.DisposeAsync();
    }

    [Fact]
    public void Disposal_with_callers_waiting_fails_them_all()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var loop = new LoopThread();
        loop.Endpoint.Fire(_ =>
        {
            entered.Set();
            release.Wait(Patience.Limit);
        });
        entered.Wait(Patience.Limit);
        var never = new TaskCompletionSource<int>();
        Task[] callers =
        [
            .. Enumerable.Range(0, 4).Select(_ => OnThread(() => loop.Endpoint.CallBlocking(_ => 1))),
            .. Enumerable.Range(0, 4).Select(_ => OnThread(() => loop.Endpoint.CallBlocking(async _ => await never.Task))),
        ];
        Task<int> asynchronous = loop.Endpoint.CallAsync(_ => 1);

        // The callers' messages may or may not be on their way; those that come too late must fail as well.
        Task disposal = Task.Run(loop.Manager.Dispose);
        release.Set();
        Patience.Wait(disposal);
        foreach (Task caller in callers)
        {
            Exception? exception = Record.Exception(() => Patience.Wait(caller));
            Assert.True(exception is null or ObjectDisposedException, $"{exception}");
        }

        Assert.True(Record.Exception(() => Patience.Wait(asynchronous)) is null or ObjectDisposedException);
    }

    [Fact]
    public void A_caller_in_flight_whose_task_never_ends_fails_at_disposal()
    {
        using var loop = new LoopThread();
        var never = new TaskCompletionSource();
        using var started = new ManualResetEventSlim();
        Task call = loop.Endpoint.CallAsync(async _ =>
        {
            started.Set();
            await never.Task;
        });
        Assert.True(started.Wait(Patience.Limit));
        loop.Manager.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Patience.Wait(call));
    }

    [Fact]
    public void Whoever_ends_what_ends_with_the_manager_during_its_disposal_or_afterwards_gets_no_exception()
    {
        List<FaultReport> reports = [];
        var manager = new EventManager();
        manager.FaultReported += (_, report) => reports.Add(report);
        using var fd = new EventFd();
        using var directory = new WatchedDirectory();
        List<IDisposable> owned =
        [
            manager.CreateSocketEvent(fd, EventSet.In, (_, _) => { }),
            manager.CreateTimerEvent(TimeSpan.FromDays(1), (_, _) => { }),
            manager.CreateSignalEvent(Signal.SIGUSR2, (_, _) => { }),
            manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }),
            manager.CreateFileEvent(directory.Root, (_, _) => { }),
            manager.CreateChildEvent(Environment.ProcessId, (_, _) => { }),
            manager.AddCheckHook(_ => { }),
        ];
        manager.WallClockStepped += OnStep;
        int ended = 0;
        manager.AddSubscriber(new TestSubscriber
        {
            Disposed = () =>
            {
                EndAll();
                ended++;
            },
        });
        manager.Dispose();
        EndAll();
        Assert.Empty(reports);
        Assert.Equal(1, ended);

        void EndAll()
        {
            owned.ForEach(one => one.Dispose());
            manager.WallClockStepped -= OnStep;
        }

        static void OnStep(object? sender, ClockStep step)
        {
        }
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Whoever_ends_an_event_between_runs_while_another_thread_disposes_the_manager_gets_no_exception()
    {
        int rounds = Scale.Times(600);
        EventManager manager = null!;
        int asked = 0;
        int disposed = 0;
        Task disposing = OnThread(() =>
        {
            for (int round = 1; round <= rounds; round++)
            {
                Await(ref asked, round);
                manager.Dispose();
                Volatile.Write(ref disposed, round);
            }
        });
        int thrown = 0;
        for (int round = 1; round <= rounds; round++)
        {
            manager = new EventManager();
            TimerEvent timer = manager.CreateTimerEvent(TimeSpan.FromDays(1), (_, _) => { });
            Volatile.Write(ref asked, round);
            Thread.SpinWait(round % 40);
            thrown += Record.Exception(timer.Dispose) is null ? 0 : 1;
            Await(ref disposed, round);
            Assert.True(timer.IsCancelled);
        }

        Patience.Wait(disposing);
        Assert.Equal(0, thrown);

        // Without a SpinWait, whose yields would let the two begin far apart; but they may have to share a processor.
        static void Await(ref int counter, int round)
        {
            for (int looks = 0; Volatile.Read(ref counter) < round; looks++)
            {
                if (looks > 10_000)
                {
                    Thread.Yield();
                }
            }
        }
    }

    [Fact]
    public void After_disposal_everything_throws_and_a_kick_does_nothing()
    {
        var manager = new EventManager();
        RemoteEndpoint endpoint = manager.RemoteEndpoint;
        manager.Dispose();
        manager.Dispose();
        Assert.Throws<ObjectDisposedException>(() => manager.RunOnce());
        Assert.Throws<ObjectDisposedException>(() => manager.Run());
        Assert.Throws<ObjectDisposedException>(() => manager.AddSubscriber(new TestSubscriber()));
        Assert.Throws<ObjectDisposedException>(() => endpoint.Fire(_ => { }));
        Assert.Throws<ObjectDisposedException>(() => endpoint.TryFire((_, _) => { }, 1));
        Assert.Throws<ObjectDisposedException>(() => endpoint.CallBlocking(_ => 1));
        Assert.Throws<ObjectDisposedException>(() => { _ = endpoint.CallAsync(_ => 1); });
        endpoint.Kick();
        manager.Stop();
    }

    [Fact]
    public void Disposal_in_a_callback_takes_effect_when_the_iteration_ends()
    {
        var manager = new EventManager();
        using var a = new EventFd(1);
        using var b = new EventFd(1);
        var subscriber = new TestSubscriber(
            ops =>
            {
                ops.Add(new Events(a, EventSet.In));
                ops.Add(new Events(b, EventSet.In));
            },
            (_, _) => manager.Dispose());
        manager.AddSubscriber(subscriber);
        bool exited = false;
        manager.AddExitCallback(_ => exited = true);
        manager.Run();
        Assert.Equal(2, subscriber.Seen.Count);
        Assert.True(exited);
        Assert.Throws<ObjectDisposedException>(() => manager.RunOnce());
    }

    [Fact]
    public void Owned_subscribers_are_disposed_in_reverse_order_and_removed_ones_are_not()
    {
        List<int> order = [];
        List<FaultReport> reports = [];
        var manager = new EventManager();
        manager.FaultReported += (_, report) => reports.Add(report);
        manager.AddSubscriber(new TestSubscriber { Disposed = () => order.Add(1) });
        SubscriberId removed = manager.AddSubscriber(new TestSubscriber { Disposed = () => order.Add(2) });
        manager.AddSubscriber(new TestSubscriber { Disposed = () => throw new InvalidOperationException("bad") });
        manager.AddSubscriber(new TestSubscriber { Disposed = () => order.Add(4) });
        manager.RemoveSubscriber(removed);
        manager.Dispose();
        Assert.Equal([4, 1], order);
        Assert.Equal("bad", Assert.Single(reports).Exception.Message);
    }

    [Fact]
    public void Closures_left_over_at_disposal_are_reported_and_socket_events_are_over()
    {
        List<FaultReport> reports = [];
        var manager = new EventManager();
        manager.FaultReported += (_, report) => reports.Add(report);
        using var fd = new EventFd();
        SocketEvent socketEvent = manager.CreateSocketEvent(fd, EventSet.In, (_, _) => { });
        manager.RemoteEndpoint.Fire(_ => { });
        manager.RemoteEndpoint.Fire((_, _) => { }, 1);
        manager.Defer(_ => { });
        manager.Dispose();
        FaultReport report = Assert.Single(reports);
        Assert.Equal(3, report.LostClosures);
        Assert.Contains("3 posted or deferred closures", report.Exception.Message, StringComparison.Ordinal);
        Assert.True(socketEvent.IsCancelled);
        socketEvent.Cancel();
    }

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(0)]
    [InlineData(3)]
    public void Each_closure_that_was_accepted_while_the_manager_ended_ran_or_is_in_the_number_that_is_reported(int capacity)
    {
        const int Senders = 4;
        for (int round = 0; round < Scale.Times(20); round++)
        {
            int ran = 0;
            int lost = 0;
            var loop = new LoopThread(
                new EventManagerOptions { MailboxCapacity = capacity },
                manager => manager.FaultReported += (_, report) => lost += report.LostClosures);
            using var start = new Barrier(Senders + 1);
            Task<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => OnThread(() =>
            {
                int accepted = 0;
                start.SignalAndWait(Patience.Limit);
                try
                {
                    while (true)
                    {
                        accepted += loop.Endpoint.TryFire(_ => ran++) ? 1 : 0;
                        if (sender == 0)
                        {
                            _ = loop.Endpoint.CallAsync(static _ => { }).ContinueWith(static call => call.Exception, TaskScheduler.Default);
                        }
                    }
                }
                catch (Exception exception) when (exception is ObjectDisposedException
                    or EventManagerException { Error: EventManagerError.MailboxFull })
                {
                    return accepted;
                }
            }))];
            start.SignalAndWait(Patience.Limit);
            Thread.SpinWait(round % 60 * 200);
            loop.Dispose();
            Assert.Equal(senders.Sum(Patience.Result), ran + lost);
        }
    }

    [Fact]
    public void A_thread_that_runs_iteration_by_iteration_is_told_that_another_disposed_the_manager()
    {
        for (int round = 0; round < 50; round++)
        {
            var manager = new EventManager();
            Task runner = OnThread(() =>
            {
                while (true)
                {
                    manager.RunOnce(TimeSpan.Zero);
                }
            });
            Patience.Wait(Task.Run(manager.Dispose));
            Assert.Throws<ObjectDisposedException>(() => Patience.Wait(runner));
        }
    }

    [Fact]
    public void Managers_give_back_every_descriptor()
    {
        Cycle();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 20; i++)
        {
            Cycle();
        }

        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 2);

        static void Cycle()
        {
            using var manager = new EventManager();
            manager.RunOnce(TimeSpan.FromMilliseconds(0.1));
        }
    }

    private static Task<T> OnThread<T>(Func<T> function) =>
        Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    [Fact]
    public void A_call_that_awaits_a_delay_when_the_manager_ends_is_told_and_is_no_fault()
    {
        List<FaultReport> reports = [];
        var loop = new LoopThread(prepare: manager => manager.FaultReported += (_, report) => reports.Add(report));
        Task<int>? closure = null;
        Task<int> call = loop.Endpoint.CallAsync(manager => closure = Delay(manager));

        // After the manager's own continuation of the closure's task, so that its reports have been made when this runs.
        Task<Exception?>? end = null;
        loop.Endpoint.CallBlocking(_ =>
        {
            end = closure!.ContinueWith(
                ended => ended.Exception?.InnerException, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        });
        loop.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Patience.Wait(call));
        Assert.IsType<ObjectDisposedException>(Patience.Result(end!));
        Assert.Empty(reports);

        static async Task<int> Delay(EventManager manager)
        {
            await manager.Delay(TimeSpan.FromHours(1));
            return 1;
        }
    }

    [Fact]
    public void Disposal_with_a_deadline_says_whether_it_has_come_about_and_comes_about_all_the_same()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var loop = new LoopThread();
        bool? inCallback = null;
        loop.Endpoint.Fire(manager =>
        {
            entered.Set();
            release.Wait(Patience.Limit);
            inCallback = manager.Dispose(Patience.Limit);
        });
        Assert.True(entered.Wait(Patience.Limit));
        Assert.False(loop.Manager.Dispose(TimeSpan.Zero));
        Assert.False(loop.Manager.Dispose(TimeSpan.FromMilliseconds(5)));
        Assert.Throws<ArgumentOutOfRangeException>(() => loop.Manager.Dispose(TimeSpan.FromSeconds(-2)));
        release.Set();
        Patience.Wait(loop.Ended);
        Assert.False(inCallback);
        Assert.True(loop.Manager.Dispose(Patience.Limit));
        Assert.True(loop.Manager.Dispose(TimeSpan.MaxValue));
        loop.Dispose();

        Assert.True(new EventManager().Dispose(TimeSpan.Zero));
    }

    [Fact]
    public void Whatever_a_users_clock_throws_at_the_disposal_every_descriptor_is_closed_and_everybody_told()
    {
        Cycle();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 10; i++)
        {
            Cycle();
        }

        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 2);

        static void Cycle()
        {
            List<FaultOrigin> origins = [];
            var clock = new FailingTime();
            var manager = new EventManager(new EventManagerOptions { TimeProvider = clock });
            manager.FaultReported += (_, report) =>
            {
                lock (origins)
                {
                    origins.Add(report.Origin);
                }
            };
            using var fd = new EventFd();
            bool disposed = false;
            manager.AddSubscriber(
                new TestSubscriber(ops => ops.Add(new Events(fd, EventSet.In)), (_, _) => { }) { Disposed = () => disposed = true });
            manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { });
            _ = Task.Delay(TimeSpan.FromHours(1), manager.TimeProvider);
            manager.RemoteEndpoint.Fire(static _ => { });
            manager.RunOnce(TimeSpan.Zero);

            // Only a loop that is about to sleep sets a timer of the clock.
            clock.TimerIsSet = manager.RemoteEndpoint.Kick;
            manager.RunOnce();
            Assert.Equal(1, clock.StartedTimers);
            clock.Fails = true;
            clock.FailsToBeRead = true;
            manager.Dispose();
            Assert.True(disposed);
            Assert.True(SpinWait.SpinUntil(
                () =>
                {
                    lock (origins)
                    {
                        return origins.Contains(FaultOrigin.Disposal) && origins.Contains(FaultOrigin.TimeProvider);
                    }
                },
                Patience.Limit));
        }
    }
}
