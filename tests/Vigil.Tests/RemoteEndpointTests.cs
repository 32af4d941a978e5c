using System.Diagnostics;

namespace Vigil.Tests;

public sealed class RemoteEndpointTests
{
    [Fact]
    public void Closures_run_on_the_loop_and_results_and_exceptions_come_back()
    {
        using var loop = new LoopThread();
        Assert.Equal(loop.ThreadId, loop.Endpoint.CallBlocking(_ => Environment.CurrentManagedThreadId));
        Assert.Equal(loop.ThreadId, Patience.Result(loop.Endpoint.CallAsync(_ => Environment.CurrentManagedThreadId)));
        Assert.Throws<FormatException>(() => loop.Endpoint.CallBlocking(_ => Throw()));
        Assert.Throws<FormatException>(() => Patience.Wait(loop.Endpoint.CallAsync(_ => Throw())));
        loop.Endpoint.CallBlocking(manager => manager.AddSubscriber(new TestSubscriber()));
        Assert.Single(loop.Endpoint.CallBlocking(manager => manager.GetSubscribers()));
        static void Throw() => throw new FormatException();
    }

    [Fact]
    public void States_of_every_kind_and_size_arrive_as_they_were_sent()
    {
        using var loop = new LoopThread();
        Arrives(true);
        Arrives((byte)0xA5);
        Arrives('x');
        Arrives(int.MinValue);
        Arrives((byte?)null);
        Arrives((int?)-7);
        Arrives(DayOfWeek.Saturday);
        Arrives(-0.5);
        Arrives(long.MinValue);
        Arrives(TimeSpan.FromTicks(-3));
        Arrives((short.MinValue, (byte)1, int.MaxValue));
        Arrives((1, 2, 3));
        Arrives(decimal.MinusOne);
        Arrives(Guid.NewGuid());
        Arrives((long?)long.MaxValue);
        Arrives((1, "one"));
        Arrives("one");
        Arrives((string?)null);

        void Arrives<T>(T sent)
        {
            T? arrived = default;
            loop.Endpoint.Fire((_, state) => arrived = state, sent);
            loop.Endpoint.CallBlocking(_ => { });
            Assert.Equal(sent, arrived);
        }
    }

    [Fact]
    public void Closures_that_return_tasks_are_awaited_on_the_loop()
    {
        using var loop = new LoopThread();
        Assert.Equal(loop.ThreadId, Patience.Result(loop.Endpoint.CallAsync(AfterYield)));
        Assert.Equal(loop.ThreadId, loop.Endpoint.CallBlocking(AfterYield));
        int seen = 0;
        loop.Endpoint.CallBlocking(async _ =>
        {
            await Task.Yield();
            seen = Environment.CurrentManagedThreadId;
        });
        Assert.Equal(loop.ThreadId, seen);
        Assert.Throws<FormatException>(() => loop.Endpoint.CallBlocking(async Task (_) =>
        {
            await Task.Yield();
            throw new FormatException();
        }));

        static async Task<int> AfterYield(EventManager manager)
        {
            await Task.Yield();
            return Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public void CallBlocking_that_would_wait_for_itself_throws()
    {
        using var manager = new EventManager();

        // Before any run the creator's thread is expected to run the manager.
        Assert.Equal(
            EventManagerError.Reentrant,
            Assert.Throws<EventManagerException>(() => manager.RemoteEndpoint.CallBlocking(_ => 1)).Error);
        manager.Defer(running =>
            Assert.Equal(
                EventManagerError.Reentrant,
                Assert.Throws<EventManagerException>(() => running.RemoteEndpoint.CallBlocking(_ => 1)).Error));
        Assert.Equal(1, manager.RunOnce());

        // Between runs, the thread of the last run.
        Patience.Wait(Task.Run(() =>
        {
            manager.RunOnce(TimeSpan.Zero);
            Assert.Throws<EventManagerException>(() => manager.RemoteEndpoint.CallBlocking(_ => 1));
        }));
        Assert.Throws<TimeoutException>(() => manager.RemoteEndpoint.CallBlocking(_ => 1, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void A_call_waits_for_a_run_until_its_timeout_or_cancellation_and_does_not_run_afterwards()
    {
        using var manager = new EventManager();
        int ran = 0;
        using var source = new CancellationTokenSource();
        Patience.Wait(Task.Run(() =>
        {
            Assert.Throws<TimeoutException>(() => manager.RemoteEndpoint.CallBlocking(_ => ran++, TimeSpan.FromMilliseconds(5)));
            ThreadPool.QueueUserWorkItem(_ => source.Cancel());
            Assert.ThrowsAny<OperationCanceledException>(
                () => manager.RemoteEndpoint.CallBlocking(_ => ran++, cancellationToken: source.Token));
            Assert.ThrowsAny<OperationCanceledException>(
                () => Patience.Wait(manager.RemoteEndpoint.CallAsync(_ => ran++, cancellationToken: source.Token)));
            Assert.Throws<ArgumentOutOfRangeException>(() => manager.RemoteEndpoint.CallBlocking(_ => ran++, TimeSpan.FromTicks(-1)));
        }));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(0, ran);
    }

    [Fact]
    public void A_blocking_call_that_looks_before_it_sleeps_looks_no_longer_than_its_timeout_or_cancellation()
    {
        // No thread runs it.
        using var manager = new EventManager(new EventManagerOptions { SpinBeforeSleep = TimeSpan.FromSeconds(1) });
        Patience.Wait(Task.Run(() =>
        {
            AssertIsSometimesShort(() => Assert.Throws<TimeoutException>(
                () => manager.RemoteEndpoint.CallBlocking(_ => 1, TimeSpan.FromMilliseconds(1))));
            AssertIsSometimesShort(() =>
            {
                using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
                Assert.ThrowsAny<OperationCanceledException>(
                    () => manager.RemoteEndpoint.CallBlocking(_ => 1, cancellationToken: source.Token));
            });
        }));

        // On a busy machine a call may take long for other reasons. A call that spins for a second always takes that long.
        static void AssertIsSometimesShort(Action call)
        {
            TimeSpan shortest = TimeSpan.MaxValue;
            for (int i = 0; i < 20 && shortest >= TimeSpan.FromSeconds(1); i++)
            {
                long start = Stopwatch.GetTimestamp();
                call();
                TimeSpan taken = Stopwatch.GetElapsedTime(start);
                shortest = taken < shortest ? taken : shortest;
            }

            Assert.InRange(shortest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }
    }

    [Theory]
    [InlineData("CallBlocking")]
    [InlineData("CallBlocking of a task")]
    [InlineData("CallAsync of a task")]
    public void A_call_that_is_given_up_while_it_runs_hands_its_exception_to_the_fault_policy(string kind)
    {
        using var running = new SemaphoreSlim(0);
        using var gaveUp = new SemaphoreSlim(0);
        using var source = new CancellationTokenSource();
        var reported = new TaskCompletionSource<FaultReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var loop = new LoopThread(
            new EventManagerOptions { FaultPolicy = FaultPolicy.Report },
            manager => manager.FaultReported += (_, report) => reported.TrySetResult(report));
        switch (kind)
        {
            case "CallBlocking":
                Action<EventManager> blocking = _ =>
                {
                    running.Release();
                    gaveUp.Wait(Patience.Limit);
                    throw new FormatException();
                };
                Task caller = Task.Run(
                    () => Assert.ThrowsAny<OperationCanceledException>(
                        () => loop.Endpoint.CallBlocking(blocking, cancellationToken: source.Token)));
                Assert.True(running.Wait(Patience.Limit));
                source.Cancel();
                Patience.Wait(caller);
                break;
            case "CallBlocking of a task":
                Task taskCaller = Task.Run(
                    () => Assert.ThrowsAny<OperationCanceledException>(
                        () => loop.Endpoint.CallBlocking(Asynchronous, cancellationToken: source.Token)));
                Assert.True(running.Wait(Patience.Limit));
                source.Cancel();
                Patience.Wait(taskCaller);
                break;
            default:
                Task call = loop.Endpoint.CallAsync(Asynchronous, cancellationToken: source.Token);
                Assert.True(running.Wait(Patience.Limit));
                source.Cancel();
                Assert.ThrowsAny<OperationCanceledException>(() => Patience.Wait(call));
                break;
        }

        gaveUp.Release();
        FaultReport report = Patience.Result(reported.Task);
        Assert.Equal(FaultOrigin.PostedWork, report.Origin);
        Assert.IsType<FormatException>(report.Exception);

        async Task Asynchronous(EventManager manager)
        {
            running.Release();
            await gaveUp.WaitAsync(Patience.Limit);
            throw new FormatException();
        }
    }

    [Fact]
    public void A_blocking_call_of_a_task_that_takes_too_long_throws()
    {
        using var loop = new LoopThread();
        var never = new TaskCompletionSource();
        Assert.Throws<TimeoutException>(() => loop.Endpoint.CallBlocking(_ => never.Task, TimeSpan.FromMilliseconds(20)));
        Assert.Equal(1, loop.Endpoint.CallBlocking(_ => 1, TimeSpan.MaxValue));
        Assert.Equal(2, loop.Endpoint.CallBlocking(_ => Task.FromResult(2), TimeSpan.MaxValue));
    }

    [Fact]
    public void Continuations_of_CallAsync_do_not_run_on_the_loop()
    {
        using var loop = new LoopThread();
        using var gate = new ManualResetEventSlim();
        loop.Endpoint.Fire(_ => gate.Wait(Patience.Limit));
        Task<int> continuation = loop.Endpoint.CallAsync(_ => 1).ContinueWith(
            _ => Environment.CurrentManagedThreadId,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        gate.Set();
        Assert.NotEqual(loop.ThreadId, Patience.Result(continuation));
    }

    [Fact]
    public void A_kick_lets_a_sleeping_RunOnce_return_0_and_sticks_while_the_loop_is_awake()
    {
        using var manager = new EventManager();
        manager.RemoteEndpoint.Kick();
        manager.RemoteEndpoint.Kick();
        Assert.Equal(0, manager.RunOnce());
        using var hook = new ManualResetEventSlim();
        manager.AddPrepareHook(_ => hook.Set());
        Task<int> sleeping = Task.Factory.StartNew(
            () => manager.RunOnce(),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.True(hook.Wait(Patience.Limit));
        manager.RemoteEndpoint.Kick();
        Assert.Equal(0, Patience.Result(sleeping));
    }

    [Fact]
    public void A_bounded_mailbox_refuses_what_is_too_much_and_takes_more_when_it_was_read()
    {
        using var manager = new EventManager(new EventManagerOptions { MailboxCapacity = 3 });
        RemoteEndpoint endpoint = manager.RemoteEndpoint;
        int ran = 0;
        Assert.True(endpoint.TryFire(_ => ran++));
        Assert.True(endpoint.TryFire((_, by) => ran += by, 1));
        endpoint.Fire(_ => ran++);
        Assert.False(endpoint.TryFire(_ => ran++));
        Assert.False(endpoint.TryFire((_, by) => ran += by, 1));
        Assert.Equal(EventManagerError.MailboxFull, Assert.Throws<EventManagerException>(() => endpoint.Fire(_ => ran++)).Error);
        Assert.Equal(
            EventManagerError.MailboxFull,
            Assert.Throws<EventManagerException>(() => { _ = endpoint.CallAsync(_ => ran++); }).Error);
        Assert.Equal(3, manager.RunOnce());
        Assert.Equal(3, ran);
        Assert.True(endpoint.TryFire(_ => ran++));
    }

    [Fact]
    public void A_hundred_thousand_closures_that_each_post_the_next_do_not_keep_a_ready_fd_waiting()
    {
        using var manager = new EventManager();
        using var fd = new EventFd(1);
        int left = 100_000;
        int iterations = 0;
        int served = 0;
        manager.AddPrepareHook(_ => iterations++);
        manager.CreateSocketEvent(fd, EventSet.In, (_, _) => served++);
        Next(manager);
        manager.RunUntil(() => left == 0);
        Assert.Equal(iterations, served);
        Assert.True(iterations >= 100_000 / 256);

        void Next(EventManager running)
        {
            if (--left > 0)
            {
                running.RemoteEndpoint.Fire(Next);
            }
        }
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Eight_threads_post_closures_while_subscribers_come_and_go_and_each_threads_order_is_kept()
    {
        const int Threads = 8;
        int each = Scale.Times(25_000);
        using var fd = new EventFd(1);
        int[] last = new int[Threads];
        int outOfOrder = 0;
        using var loop = new LoopThread(prepare: manager =>
        {
            SubscriberId resident = default;
            manager.AddPrepareHook(running =>
            {
                if (resident.IsValid)
                {
                    running.RemoveSubscriber(resident);
                }

                resident = running.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In)));
            });
        });
        Thread[] senders = [.. Enumerable.Range(0, Threads).Select(sender => new Thread(() =>
        {
            for (int i = 1; i <= each; i++)
            {
                loop.Endpoint.Fire(
                    (_, message) =>
                    {
                        outOfOrder += message.Number == last[message.Sender] + 1 ? 0 : 1;
                        last[message.Sender] = message.Number;
                    },
                    (Sender: sender, Number: i));
            }
        }))];
        Array.ForEach(senders, sender => sender.Start());
        Array.ForEach(senders, sender => Assert.True(sender.Join(Patience.Limit)));
        Assert.Equal(Enumerable.Repeat(each, Threads), loop.Endpoint.CallBlocking(_ => last.ToArray(), Patience.Limit));
        Assert.Equal(0, outOfOrder);
    }

    [Fact]
    public void A_loop_that_spins_before_it_sleeps_misses_nothing()
    {
        using var loop = new LoopThread(new EventManagerOptions { SpinBeforeSleep = TimeSpan.FromMicroseconds(50) });
        using var fd = new EventFd();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Endpoint.CallBlocking(manager => manager.CreateSocketEvent(fd, EventSet.In, (source, _) =>
        {
            source.Cancel();
            seen.SetResult();
        }));
        for (int i = 0; i < 2_000; i++)
        {
            Assert.Equal(i, loop.Endpoint.CallBlocking(_ => i, Patience.Limit));
        }

        fd.TryAdd();
        Patience.Wait(seen.Task);
        loop.Manager.Stop();
        Patience.Wait(loop.Ended);
    }

    [Fact]
    public void Thousands_of_calls_to_a_sleeping_loop_are_all_answered()
    {
        using var loop = new LoopThread();
        for (int i = 0; i < 3_000; i++)
        {
            Assert.Equal(i, loop.Endpoint.CallBlocking(_ => i, Patience.Limit));
        }
    }

    [Fact]
    public void The_sender_of_a_call_that_throws_is_told_when_the_closures_finally_blocks_have_run()
    {
        using var loop = new LoopThread();
        for (int i = 0; i < 50; i++)
        {
            int busy = 0;
            Task call = loop.Endpoint.CallAsync((Action<EventManager>)(_ =>
            {
                busy = 1;
                try
                {
                    throw new FormatException("told");
                }
                finally
                {
                    // A result that was delivered too early would have arrived by then.
                    Thread.Sleep(1);
                    Volatile.Write(ref busy, 0);
                }
            }));
            int seen = Patience.Result(call.ContinueWith(_ => Volatile.Read(ref busy), TaskScheduler.Default));
            Assert.Equal(0, seen);
            Assert.Equal("told", Assert.Throws<FormatException>(() => Patience.Wait(call)).Message);
        }
    }

    [Fact]
    public void A_closure_that_returns_no_task_fails_and_is_not_kept()
    {
        using var loop = new LoopThread();
        Task? none = null;
        Task<int>? noneOfInt = null;
        Assert.Contains(
            "null",
            Assert.Throws<InvalidOperationException>(() => Patience.Wait(loop.Endpoint.CallAsync(_ => none!))).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Patience.Wait(loop.Endpoint.CallAsync(_ => noneOfInt!)));
        Assert.Throws<InvalidOperationException>(() => loop.Endpoint.CallBlocking(_ => noneOfInt!));
        Assert.Equal(0, loop.Manager.InFlightCount());
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void What_an_asynchronous_closure_throws_at_about_the_timeout_is_the_senders_or_the_fault_policys()
    {
        int calls = Scale.Times(75);
        int reported = 0;
        int thrown = 0;
        int told = 0;
        using (var loop = new LoopThread(
            new EventManagerOptions { FaultPolicy = FaultPolicy.Report },
            manager => manager.FaultReported += (_, report) => reported += report.Exception is FormatException ? 1 : 0))
        {
            Task[] senders = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    for (int i = 0; i < calls; i++)
                    {
                        try
                        {
                            loop.Endpoint.CallBlocking(
                                async _ =>
                                {
                                    await Task.Delay(1).ConfigureAwait(false);
                                    Interlocked.Increment(ref thrown);
                                    throw new FormatException();
                                },
                                TimeSpan.FromMilliseconds(1));
                        }
                        catch (FormatException)
                        {
                            Interlocked.Increment(ref told);
                        }
                        catch (TimeoutException)
                        {
                        }
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))];
            Array.ForEach(senders, Patience.Wait);

            // A closure that continues after its sender has given up has ended when nothing is in flight; then its fault is posted, before
            // this call.
            Assert.True(
                SpinWait.SpinUntil(
                    () => loop.Endpoint.CallBlocking(
                        _ => told + reported == Volatile.Read(ref thrown) && loop.Manager.InFlightCount() == 0),
                    Patience.Limit));
        }

        Assert.Equal(thrown, told + reported);
    }

    [Fact]
    public void A_clock_that_fails_to_make_a_timer_fails_the_call_and_leaves_nothing()
    {
        var clock = new FailingTime();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = clock });
        using var source = new CancellationTokenSource();
        clock.Fails = true;
        Assert.Throws<FormatException>(() => { _ = manager.RemoteEndpoint.CallAsync(_ => 1, Patience.Limit, source.Token); });
        clock.Fails = false;
        source.Cancel();
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_clock_whose_timers_cannot_be_disposed_costs_a_call_nothing_and_is_reported()
    {
        List<FaultReport> reports = [];
        var clock = new FailingTime();
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = clock, FaultPolicy = FaultPolicy.Report });
        manager.FaultReported += (_, report) => reports.Add(report);
        Task<int> call = manager.RemoteEndpoint.CallAsync(_ => 1, Patience.Limit);
        clock.Fails = true;
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);
        clock.Fails = false;
        Assert.Equal(1, Patience.Result(call));
        Assert.Equal(FaultOrigin.TimeProvider, Assert.Single(reports).Origin);
    }

    [Fact]
    public void An_interrupt_of_a_sender_whose_asynchronous_call_has_just_ended_is_not_lost()
    {
        using var loop = new LoopThread();
        for (int round = 0; round < 20; round++)
        {
            Exception? thrown = null;
            bool isPending = false;
            Thread? sender = null;
            sender = new Thread(() =>
            {
                thrown = Record.Exception(() => loop.Endpoint.CallBlocking(_ => EndAndInterrupt(sender!)));
                isPending = Record.Exception(() => Thread.Sleep(0)) is ThreadInterruptedException;
            });
            sender.Start();
            Assert.True(sender.Join(Patience.Limit));
            Assert.True(thrown is ThreadInterruptedException ? !isPending : thrown is null && isPending, $"{isPending} {thrown}");
        }

        static Task<int> EndAndInterrupt(Thread sender)
        {
            SpinWait.SpinUntil(() => sender.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), Patience.Limit);
            sender.Interrupt();
            return Task.FromResult(1);
        }
    }
}
