namespace Vigil.Tests;

public sealed class WorkerPoolTests : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _pools = [];

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable pool in _pools)
        {
            await pool.DisposeAsync();
        }
    }

    [Fact]
    public void Work_runs_on_a_named_thread_and_its_result_comes_back_to_the_loop()
    {
        using EventManager manager = Manager(Pool(2, name: "crunch"), out _);
        string[]? names = null;
        manager.ExecuteWork(WorkPriority.Normal, () => new[] { Thread.CurrentThread.Name!,
            File.ReadAllText("/proc/thread-self/comm").TrimEnd() }, (running, result) =>
        {
            Assert.True(running.IsOnLoop);
            names = result;
        });
        manager.RunUntil(() => names is not null);
        Assert.All(names!, name => Assert.Matches("^crunch-[01]$", name));
    }

    [Fact]
    public async Task A_task_has_the_result_or_the_exception()
    {
        using EventManager manager = Manager(Pool(2), out _);
        Assert.Equal(
            42,
            await manager.ExecuteWorkAsync(WorkPriority.Low, () => 42).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Task<int> failing = manager.ExecuteWorkAsync(WorkPriority.High, () => int.Parse("bad"));
        await Assert.ThrowsAsync<FormatException>(() => failing.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task Asynchronous_work_begins_on_a_worker_and_its_task_is_for_all_of_it()
    {
        using EventManager manager = Manager(Pool(1), out _);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string? name = null;
        Task<int> task = manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
        {
            name = Thread.CurrentThread.Name;
            await gate.Task;
            return 3;
        });

        // The only worker is free during the await.
        Assert.Equal(
            1,
            await manager.ExecuteWorkAsync(WorkPriority.Normal, () => 1).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Assert.Equal("worker-0", name);
        Assert.False(task.IsCompleted);
        gate.SetResult();
        Assert.Equal(3, await task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Task failing = manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
        {
            await Task.Yield();
            throw new InvalidOperationException("bad");
        });
        Assert.Equal("bad", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing.WaitAsync(Patience.Limit))).Message);
    }

    [Fact]
    public void What_work_throws_is_a_fault_of_the_manager_that_sent_it()
    {
        using EventManager manager = Manager(Pool(1), out _);
        manager.ExecuteWork(WorkPriority.Normal, Fail);
        Assert.Equal("bad", Assert.Throws<InvalidOperationException>(() => manager.RunUntil(() => false)).Message);
    }

    [Fact]
    public void Work_that_is_pinned_runs_on_its_thread_in_the_order_in_which_it_was_sent()
    {
        const int Count = 2000;
        using EventManager manager = Manager(Pool(3), out WorkerPool pool);
        var order = new List<int>[3];
        for (int thread = 0; thread < 3; thread++)
        {
            order[thread] = [];
        }

        using var done = new CountdownEvent(3 * Count);
        for (int i = 0; i < Count; i++)
        {
            for (int thread = 0; thread < 3; thread++)
            {
                manager.ExecuteWork(
                    WorkTarget.Thread(thread),
                    static work =>
                    {
                        Assert.Equal($"worker-{work.Thread}", Thread.CurrentThread.Name);
                        work.Order.Add(work.Number);
                        work.Done.Signal();
                    },
                    (Thread: thread, Number: i, Order: order[thread], Done: done));
            }
        }

        Assert.True(done.Wait(Patience.Limit));
        Assert.All(order, numbers => Assert.Equal(Enumerable.Range(0, Count), numbers));
        Assert.Equal(0, pool.GetStatistics().Failed);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Items_of_eight_senders_run_once_each()
    {
        const int Senders = 8;
        // All items may be queued at once, so memory sets the limit.
        int each = Math.Min(Scale.Times(25_000), 125_000);
        using EventManager manager = Manager(Pool(3), out WorkerPool pool);
        int[] runs = new int[Senders * each];
        using var done = new CountdownEvent(Senders * each);
        Thread[] senders = [.. Enumerable.Range(0, Senders).Select(sender => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                manager.ExecuteWork(
                    (WorkPriority)(i % 3),
                    static work =>
                    {
                        Interlocked.Increment(ref work.Runs[work.Number]);
                        work.Done.Signal();
                    },
                    (Runs: runs, Number: (sender * each) + i, Done: done));
            }
        }))];
        Array.ForEach(senders, thread => thread.Start());
        Array.ForEach(senders, thread => thread.Join());
        Assert.True(done.Wait(Patience.Limit), $"{done.CurrentCount} are missing");
        Assert.All(runs, count => Assert.Equal(1, count));
        Settle(pool, statistics => statistics.Done == Senders * each);
        Assert.Equal(Senders * each, pool.GetStatistics().WaitTimes.Count);
    }

    [Fact]
    public void Higher_priorities_come_first_among_what_waits()
    {
        using EventManager manager = Manager(Pool(1, ageing: TimeSpan.FromHours(1)), out _);
        var order = new List<WorkPriority>();
        using var gate = new ManualResetEventSlim();
        using var done = new CountdownEvent(6);
        Occupy(manager, gate);
        foreach (WorkPriority priority in new[] { WorkPriority.Low, WorkPriority.Normal, WorkPriority.High, WorkPriority.Low,
            WorkPriority.Normal, WorkPriority.High })
        {
            manager.ExecuteWork(priority, () =>
            {
                order.Add(priority);
                done.Signal();
            });
        }

        gate.Set();
        Assert.True(done.Wait(Patience.Limit));
        Assert.Equal(
            [WorkPriority.High, WorkPriority.High, WorkPriority.Normal, WorkPriority.Normal, WorkPriority.Low, WorkPriority.Low],
            order);
    }

    [Fact]
    public void Low_work_has_its_turn_under_an_endless_flood_of_high_work()
    {
        using EventManager manager = Manager(Pool(1, ageing: TimeSpan.FromMilliseconds(5)), out _);
        using var lowHasRun = new ManualResetEventSlim();
        using var floodEnded = new CountdownEvent(1);

        // Each item sends two more of high priority before it ends, up to a thousand: more and more items wait.
        int waiting = 0;
        void Flood()
        {
            Thread.SpinWait(1000);
            for (int i = 0; i < 2 && !lowHasRun.IsSet && Volatile.Read(ref waiting) < 1000; i++)
            {
                Interlocked.Increment(ref waiting);
                floodEnded.AddCount();
                manager.ExecuteWork(WorkPriority.High, Flood);
            }

            Interlocked.Decrement(ref waiting);
            floodEnded.Signal();
        }

        Interlocked.Increment(ref waiting);
        manager.ExecuteWork(WorkPriority.High, Flood);
        manager.ExecuteWork(WorkPriority.Low, lowHasRun.Set);
        Assert.True(lowHasRun.Wait(Patience.Limit));
        Assert.True(floodEnded.Wait(Patience.Limit));
    }

    [Fact]
    public void An_idle_thread_takes_what_waits_behind_long_work_but_not_what_is_pinned_there()
    {
        using EventManager manager = Manager(Pool(2), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        using var stolen = new CountdownEvent(100);
        bool pinnedHasRun = false;
        manager.ExecuteWork(WorkTarget.Thread(0), gate.Wait);
        manager.ExecuteWork(WorkTarget.Thread(0), () => Volatile.Write(ref pinnedHasRun, true));
        for (int i = 0; i < 100; i++)
        {
            manager.ExecuteWork(WorkPriority.Normal, () => { stolen.Signal(); });
        }

        Assert.True(stolen.Wait(Patience.Limit), "work waits behind a thread that does not come back");
        Assert.False(Volatile.Read(ref pinnedHasRun));
        gate.Set();
        Settle(pool, statistics => statistics.Done == 102);
        Assert.True(pinnedHasRun);
    }

    [Fact]
    public void What_waits_behind_work_that_hangs_has_its_turn_though_all_other_threads_have_work_of_their_own()
    {
        using EventManager manager = Manager(Pool(2, ageing: TimeSpan.FromMilliseconds(1)), out _);
        using var hangs = new ManualResetEventSlim();
        using var holds = new ManualResetEventSlim();
        const int Waiting = 20;
        using var ran = new CountdownEvent(Waiting);
        using var floodEnded = new CountdownEvent(8);

        // Each thread's items take about as long, so that items sent while both are busy are shared between them.
        for (int i = 0; i < 200; i++)
        {
            Patience.Wait(manager.ExecuteWorkAsync(WorkTarget.Thread(i % 2), () => Thread.SpinWait(20_000)));
        }

        Occupy(manager, hangs, thread: 0);
        Occupy(manager, holds, thread: 1);
        for (int i = 0; i < Waiting; i++)
        {
            manager.ExecuteWork(WorkPriority.Normal, () => { ran.Signal(); });
        }

        // Each item sends another one as it ends, so the thread that continues never runs out of work.
        void Flood()
        {
            Thread.SpinWait(20_000);
            if (ran.IsSet || hangs.IsSet)
            {
                floodEnded.Signal();
            }
            else
            {
                manager.ExecuteWork(WorkPriority.High, Flood);
            }
        }

        for (int i = 0; i < floodEnded.InitialCount; i++)
        {
            manager.ExecuteWork(WorkPriority.High, Flood);
        }

        holds.Set();
        bool hasRun = ran.Wait(Patience.Limit);
        hangs.Set();
        Assert.True(floodEnded.Wait(Patience.Limit));
        Assert.True(hasRun, $"{ran.CurrentCount} of {Waiting} waited until the thread came back");
    }

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(20)]
    public void Two_items_of_which_the_first_waits_for_the_second_end_where_there_are_two_threads(int spinMicroseconds)
    {
        using EventManager manager = Manager(Pool(2, spin: TimeSpan.FromMicroseconds(spinMicroseconds)), out _);
        var random = new Random(1);
        using var meeting = new Barrier(3);
        for (int i = 0; i < Scale.Times(400); i++)
        {
            for (int item = 0; item < 2; item++)
            {
                manager.ExecuteWork(WorkPriority.Normal, static meeting => meeting.SignalAndWait(Patience.Limit), meeting);
            }

            Assert.True(meeting.SignalAndWait(Patience.Limit), $"in round {i} one of two waits behind the other");

            // They arrive at any moment of the threads' search and of their falling asleep.
            Thread.SpinWait(random.Next(400));
        }
    }

    [Fact]
    public async Task Work_can_be_cancelled_as_long_as_it_waits()
    {
        using EventManager manager = Manager(Pool(1), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        bool hasRun = false;
        Occupy(manager, gate);
        Task<int> task = manager.ExecuteWorkAsync(WorkPriority.Normal, () => 1, cancellation.Token);
        manager.ExecuteWork(WorkPriority.Normal, () => { hasRun = true; }, cancellation.Token);
        manager.ExecuteWork(WorkPriority.Normal, () => 2, (_, _) => hasRun = true, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience.Limit));
        gate.Set();
        Settle(pool, statistics => statistics.Cancelled == 3);
        Assert.False(hasRun);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Cancelling_and_beginning_exclude_each_other()
    {
        using EventManager manager = Manager(Pool(2), out WorkerPool pool);
        int count = Scale.Times(5_000);
        int ran = 0;
        int cancelled = 0;
        for (int i = 0; i < count; i++)
        {
            using var cancellation = new CancellationTokenSource();
            Task<int> task = manager.ExecuteWorkAsync(WorkPriority.Normal, () => Interlocked.Increment(ref ran), cancellation.Token);
            cancellation.Cancel();
            try
            {
                Patience.Wait(task);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
        }

        Settle(pool, statistics => statistics.Done + statistics.Cancelled == count);
        Assert.Equal(count, ran + cancelled);
        Assert.Equal(cancelled, pool.GetStatistics().Cancelled);
    }

    [Fact]
    public void A_full_pool_rejects()
    {
        using EventManager manager = Manager(Pool(1, capacity: 2), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        manager.ExecuteWork(WorkPriority.Normal, () => { });
        manager.ExecuteWork(WorkTarget.Thread(0), () => { });
        EventManagerException refusal = Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkPriority.High, () => { }));
        Assert.Equal(EventManagerError.WorkQueueFull, refusal.Error);
        Assert.Throws<EventManagerException>(() => { _ = manager.ExecuteWorkAsync(WorkPriority.High, () => 1); });
        gate.Set();
        Settle(pool, statistics => statistics is { Done: 3, Rejected: 2, Queued: 0 });
        manager.ExecuteWork(WorkPriority.Normal, () => { });
        Settle(pool, statistics => statistics.Done == 4);
    }

    [Fact]
    public void The_callers_of_a_full_pool_run_their_work_themselves()
    {
        using EventManager manager = Manager(Pool(1, capacity: 1, whenFull: QueueFullPolicy.RunByCaller), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        manager.ExecuteWork(WorkPriority.Normal, () => { });
        Thread? ranOn = null;
        manager.ExecuteWork(WorkPriority.Normal, () => { ranOn = Thread.CurrentThread; });
        Assert.Same(Thread.CurrentThread, ranOn);
        Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkTarget.Thread(0), () => { }));
        gate.Set();
        Settle(pool, statistics => statistics is { Done: 2, RunByCallers: 1, Rejected: 1 });
    }

    [Fact]
    public void Work_that_its_caller_runs_and_that_sends_more_is_refused_before_the_callers_stack_ends()
    {
        using EventManager manager = Manager(Pool(1, capacity: 1, whenFull: QueueFullPolicy.RunByCaller), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        manager.ExecuteWork(WorkPriority.Normal, () => { });
        EventManagerException? refusal = null;
        void SendMore()
        {
            try
            {
                manager.ExecuteWork(WorkPriority.Normal, SendMore);
            }
            catch (EventManagerException exception)
            {
                refusal = exception;
            }
        }

        var sender = new Thread(SendMore, maxStackSize: 512 << 10);
        sender.Start();
        Assert.True(sender.Join(Patience.Limit));
        Assert.Equal(EventManagerError.WorkQueueFull, refusal?.Error);
        Assert.Equal(1, pool.GetStatistics().Rejected);
        gate.Set();
    }

    [Fact]
    public void The_callers_of_a_full_pool_wait_for_room_unless_they_must_not()
    {
        using EventManager manager = Manager(Pool(1, capacity: 1, whenFull: QueueFullPolicy.Block), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        Task<Exception?> refusal = manager.ExecuteWorkAsync(WorkPriority.Normal, () => Record.Exception(() =>
        {
            manager.ExecuteWork(WorkPriority.Normal, () => { });
            manager.ExecuteWork(WorkPriority.Normal, () => { });
        }));
        manager.Defer(running => running.ExecuteWork(WorkPriority.Normal, () => { }));
        Assert.Contains(
            "a loop must not wait",
            Assert.Throws<EventManagerException>(() => manager.RunOnce()).Message,
            StringComparison.Ordinal);

        const int Senders = 4;
        int ran = 0;
        Thread[] senders = [.. Enumerable.Range(0, Senders).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                manager.ExecuteWork(WorkPriority.Normal, () => { Interlocked.Increment(ref ran); });
            }
        }))];
        Array.ForEach(senders, thread => thread.Start());
        gate.Set();
        Array.ForEach(senders, thread => Assert.True(thread.Join(Patience.Limit)));
        Settle(pool, statistics => statistics.Queued == 0 && Volatile.Read(ref ran) == Senders * 500);

        // Either of the two may have found the pool full; the one with the pool's only thread inside must not.
        EventManagerException refused = Assert.IsType<EventManagerException>(Patience.Result(refusal));
        Assert.Equal(EventManagerError.WorkQueueFull, refused.Error);
        Assert.Contains("a thread of the pool itself must not wait", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, pool.GetStatistics().Rejected);
    }

    [Theory]
    [InlineData(QueueFullPolicy.Reject)]
    [InlineData(QueueFullPolicy.Block)]
    [InlineData(QueueFullPolicy.RunByCaller)]
    public async Task A_pool_that_has_ended_refuses_everybody_as_that_and_not_as_full(QueueFullPolicy whenFull)
    {
        using EventManager manager = Manager(Pool(1, capacity: 1, whenFull: whenFull), out WorkerPool pool);
        await pool.DisposeAsync();
        Assert.Contains(
            "or it is shutting down",
            Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkPriority.Normal, () => { })).Message,
            StringComparison.Ordinal);
        manager.Defer(running => running.ExecuteWork(WorkPriority.Normal, () => { }));
        Assert.Contains(
            "or it is shutting down",
            Assert.Throws<EventManagerException>(() => manager.RunOnce()).Message,
            StringComparison.Ordinal);
        Assert.Equal((0, 0), (pool.GetStatistics().Rejected, pool.GetStatistics().RunByCallers));
    }

    [Fact]
    public async Task Draining_runs_what_waits_and_refuses_what_comes()
    {
        using EventManager manager = Manager(Pool(2), out WorkerPool pool);
        int ran = 0;
        for (int i = 0; i < 1000; i++)
        {
            manager.ExecuteWork(WorkPriority.Low, () => { Interlocked.Increment(ref ran); });
        }

        Assert.Empty(await pool.DrainAsync(Patience.Limit));
        Assert.Equal(1000, ran);
        Assert.Equal(
            EventManagerError.WorkQueueFull,
            Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkPriority.Normal, () => { })).Error);
    }

    [Fact]
    public async Task What_a_drain_does_not_come_to_is_the_callers()
    {
        using EventManager manager = Manager(Pool(1), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        bool hasRun = false;
        manager.ExecuteWork(WorkPriority.Low, () => { hasRun = true; });
        Task<int> task = manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => 1);
        IReadOnlyList<WorkItem> left = await pool.DrainAsync(TimeSpan.FromMilliseconds(20));
        Assert.Equal([0, -1], left.Select(item => item.Thread));
        Assert.Equal(WorkOutcome.Done, left[1].Run());
        Assert.True(hasRun);

        // It belongs to the first caller: no other gets it, and disposal leaves it alone.
        Assert.Empty(await pool.DrainAsync(TimeSpan.Zero));
        await pool.DisposeAsync();
        Assert.False(task.IsCompleted);
        left[0].Drop();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience.Limit));
        gate.Set();
    }

    [Fact]
    public async Task Disposal_drops_what_it_does_not_come_to()
    {
        var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1, DrainTimeout = TimeSpan.FromMilliseconds(20) });
        using EventManager manager = Manager(pool, out _);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        Task<int> task = manager.ExecuteWorkAsync(WorkPriority.Normal, () => 1);
        await pool.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience.Limit));
        gate.Set();
    }

    [Fact]
    public void A_worker_that_calls_the_loop_does_not_deadlock_with_a_loop_that_sends_it_work()
    {
        using var loop = new LoopThread(new EventManagerOptions { Workers = Pool(1) });
        int calls = 0;
        using var done = new ManualResetEventSlim();
        loop.Endpoint.CallBlocking(manager =>
        {
            for (int i = 0; i < 200; i++)
            {
                manager.ExecuteWork(WorkPriority.Normal, () => manager.RemoteEndpoint.CallBlocking(running =>
                {
                    calls++;
                    running.ExecuteWork(WorkPriority.High, () => { });
                    if (calls == 200)
                    {
                        done.Set();
                    }
                }));
            }
        });
        Assert.True(done.Wait(Patience.Limit));
    }

    [Fact]
    public void A_manager_without_workers_starts_threads_of_its_own_and_ends_them()
    {
        var manager = new EventManager();
        Assert.Equal(7, Patience.Result(manager.ExecuteWorkAsync(WorkPriority.Normal, () => 7)));
        var pool = Assert.IsType<WorkerPool>(manager.Workers);
        manager.Dispose();
        Assert.Throws<ObjectDisposedException>(() => manager.ExecuteWork(WorkPriority.Normal, () => { }));
        Assert.Throws<ArgumentException>(() => pool.TryExecute(default));
        using var unused = new EventManager();
        unused.Dispose();
        Assert.Throws<ObjectDisposedException>(() => unused.ExecuteWork(WorkPriority.Normal, () => { }));
    }

    [Fact]
    public void What_was_sent_to_a_managers_own_threads_runs_after_the_managers_end()
    {
        var manager = new EventManager();
        using var gate = new ManualResetEventSlim();
        using var all = new CountdownEvent(2 * Environment.ProcessorCount);
        for (int i = all.InitialCount; i > 0; i--)
        {
            manager.ExecuteWork(WorkPriority.Normal, () =>
            {
                gate.Wait();
                all.Signal();
            });
        }

        manager.Dispose();
        gate.Set();
        Assert.True(all.Wait(Patience.Limit));
    }

    [Fact]
    public void What_work_has_thrown_and_its_loop_does_not_get_to_is_reported_at_the_managers_end_and_after_it()
    {
        var executor = new ManualExecutor();
        var manager = new EventManager(new EventManagerOptions { Workers = executor });
        List<(string Message, int Thread)> reports = [];
        manager.FaultReported += (_, report) => reports.Add(
            ($"{report.Origin}: {report.Exception.Message}", Environment.CurrentManagedThreadId));
        manager.ExecuteWork(WorkPriority.Normal, Fail);
        manager.ExecuteWork(WorkPriority.Normal, Fail);
        executor.Items[0].Run();
        manager.Dispose();
        Assert.Equal([("Work: bad", Environment.CurrentManagedThreadId)], reports);
        int finder = 0;
        var thread = new Thread(() =>
        {
            finder = Environment.CurrentManagedThreadId;
            executor.Items[1].Run();
        });
        thread.Start();
        thread.Join();
        Assert.Equal(("Work: bad", finder), reports[1]);
    }

    [Fact]
    public void The_runtimes_threads_can_be_the_workers()
    {
        using var manager = new EventManager(new EventManagerOptions { Workers = ThreadPoolExecutor.Instance });
        Assert.True(Patience.Result(manager.ExecuteWorkAsync(WorkPriority.Normal, () => Thread.CurrentThread.IsThreadPoolThread)));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.ExecuteWork(WorkTarget.Thread(0), () => { }));
    }

    [Fact]
    public void An_executor_of_a_tests_own_runs_work_when_it_is_told_to()
    {
        var executor = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = executor });
        int result = 0;
        manager.ExecuteWork(WorkPriority.Normal, () => 5, (_, value) => result = value);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(WorkOutcome.Done, Assert.Single(executor.Items).Run());
        Assert.Equal(1, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(5, result);
    }

    [Fact]
    public void Threads_can_be_bound_to_processors_which_must_be_there()
    {
        int processor = AllowedProcessor();
        using EventManager manager = Manager(Pool(2, processors: [processor]), out _);
        string status = Patience.Result(manager.ExecuteWorkAsync(WorkTarget.Thread(1), () => File.ReadAllText("/proc/thread-self/status")));
        Assert.Contains($"Cpus_allowed_list:\t{processor}\n", status, StringComparison.Ordinal);
        EventManagerException refusal = Assert.Throws<EventManagerException>(
            () => new WorkerPool(new WorkerPoolOptions { Processors = [1023] }));
        Assert.Equal(22, refusal.Errno);
    }

    [Fact]
    public void Options_outside_of_what_is_allowed_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(new WorkerPoolOptions { ThreadCount = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(new WorkerPoolOptions { QueueCapacity = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(new WorkerPoolOptions { Ageing = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(new WorkerPoolOptions { WhenFull = (QueueFullPolicy)9 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(new WorkerPoolOptions { Processors = [-1] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkTarget.Thread(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkTarget.Worker((WorkPriority)9));
        using EventManager manager = Manager(Pool(2), out _);
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.ExecuteWork(WorkTarget.Thread(2), () => { }));
        Assert.Null(default(WorkTarget).ThreadNumber);
        Assert.Equal(WorkPriority.Normal, default(WorkTarget).Priority);
    }

    [Fact]
    public void Sending_work_with_a_state_allocates_nothing()
    {
        Action<(Counter Counter, int By)> add = static state => Interlocked.Add(ref state.Counter.Value, state.By);
        using EventManager manager = Manager(Pool(1), out _);
        var counter = new Counter();
        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                manager.ExecuteWork(WorkPriority.Normal, add, (counter, 1));
            }
        }

        long AllocatedBySending(int count)
        {
            int target = counter.Value + count;
            long allocated = Allocations.Of(() => Send(count));
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref counter.Value) == target, Patience.Limit));
            return allocated;
        }

        // The first ones allocate the boxes and the room for a thousand waiting items.
        AllocatedBySending(1000);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        for (int i = 0; i < 1000; i++)
        {
            manager.ExecuteWork(WorkPriority.Normal, add, (counter, 0));
        }

        gate.Set();
        AllocatedBySending(1);
        Allocations.AssertNoneMeasured(() => AllocatedBySending(100));
    }

    private static void Fail() => throw new InvalidOperationException("bad");

    // Waits until the pool's thread (it usually has only one) is inside, so that later items have to wait.
    private static void Occupy(EventManager manager, ManualResetEventSlim gate, int thread = 0)
    {
        using var entered = new ManualResetEventSlim();
        manager.ExecuteWork(WorkTarget.Thread(thread), () =>
        {
            entered.Set();
            gate.Wait();
        });
        Assert.True(entered.Wait(Patience.Limit));
    }

    // Statistics are written after the work has run, by the thread that ran it.
    private static void Settle(WorkerPool pool, Func<WorkerPoolStatistics, bool> condition) =>
        Assert.True(SpinWait.SpinUntil(() => condition(pool.GetStatistics()), Patience.Limit), pool.GetStatistics().ToString());

    private static int AllowedProcessor()
    {
        string line = File.ReadLines("/proc/self/status").Single(text => text.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        return int.Parse(line.Split('\t')[1].Split(',', '-')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static EventManager Manager(WorkerPool workers, out WorkerPool pool)
    {
        pool = workers;
        return new EventManager(new EventManagerOptions { Workers = workers });
    }

    private WorkerPool Pool(
        int threads,
        string name = "worker",
        int capacity = 0,
        QueueFullPolicy whenFull = QueueFullPolicy.Reject,
        TimeSpan? ageing = null,
        TimeSpan? spin = null,
        IReadOnlyList<int>? processors = null)
    {
        var pool = new WorkerPool(new WorkerPoolOptions
        {
            Name = name,
            ThreadCount = threads,
            QueueCapacity = capacity,
            WhenFull = whenFull,
            Ageing = ageing ?? TimeSpan.FromMilliseconds(100),
            SpinBeforeSleep = spin ?? TimeSpan.FromMicroseconds(20),
            Processors = processors,
        });
        _pools.Add(pool);
        return pool;
    }

    private sealed class ManualExecutor : IWorkExecutor
    {
        public List<WorkItem> Items { get; } = [];

        public int ThreadCount => 0;

        public bool TryExecute(in WorkItem item)
        {
            Items.Add(item);
            return true;
        }
    }

    private sealed class Counter
    {
        public int Value;
    }

    [Fact]
    public async Task Work_for_a_manager_that_is_disposed_is_refused_as_that_whosever_the_workers_are()
    {
        await using WorkerPool shared = Pool(1);
        var withoutWorkers = new EventManager();
        var withOwn = new EventManager();
        Assert.Equal(1, await withOwn.ExecuteWorkAsync(WorkPriority.Normal, () => 1));
        var withShared = new EventManager(new EventManagerOptions { Workers = shared });
        foreach (EventManager manager in (EventManager[])[withoutWorkers, withOwn, withShared])
        {
            manager.Dispose();
            Assert.Throws<ObjectDisposedException>(() => manager.ExecuteWork(WorkPriority.Normal, () => { }));
            Assert.Throws<ObjectDisposedException>(() => manager.ExecuteWork(WorkPriority.Normal, static _ => { }, 1));
            Assert.Throws<ObjectDisposedException>(() => { _ = manager.ExecuteWorkAsync(WorkPriority.Normal, () => 1); });
            Assert.Throws<ObjectDisposedException>(() => manager.ExecuteWork(WorkPriority.Normal, () => 1, static (_, _) => { }));
        }
    }

    [Fact]
    public async Task Work_that_ends_its_own_pool_is_refused_and_somebody_elses_is_not()
    {
        using EventManager manager = Manager(Pool(1), out WorkerPool pool);
        EventManagerException drain = await manager.ExecuteWorkAsync(
            WorkPriority.Normal,
            () => Assert.Throws<EventManagerException>(() => { _ = pool.DrainAsync(Timeout.InfiniteTimeSpan); })).WaitAsync(Patience.Limit);
        Assert.Equal(EventManagerError.Reentrant, drain.Error);
        Assert.Contains("wait for itself", drain.Message, StringComparison.Ordinal);
        await manager.ExecuteWorkAsync(
            WorkPriority.Normal,
            () => Task.Run(async () => await pool.DisposeAsync())).WaitAsync(Patience.Limit);
        await pool.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Work_that_disposes_its_own_pool_does_not_wait_for_itself(bool isAsynchronous)
    {
        using EventManager manager = Manager(Pool(1), out WorkerPool pool);
        await manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
        {
            if (isAsynchronous)
            {
                Assert.True(pool.DisposeAsync().AsTask().IsCompletedSuccessfully);
            }
            else
            {
                pool.Dispose();
            }
        }).WaitAsync(Patience.Limit);
        pool.Dispose();
        Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkPriority.Normal, () => { }));
    }

    [Fact]
    public async Task A_drain_that_is_cancelled_gives_back_at_once_what_was_not_run()
    {
        using EventManager manager = Manager(Pool(1), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        Task never = manager.ExecuteWorkAsync(WorkPriority.Normal, () => { });
        using var enough = new CancellationTokenSource();
        Task<IReadOnlyList<WorkItem>> drain = pool.DrainAsync(Timeout.InfiniteTimeSpan, enough.Token);
        Assert.False(drain.IsCompleted);
        enough.Cancel();
        WorkItem left = Assert.Single(await drain.WaitAsync(Patience.Limit));
        left.Drop();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
        gate.Set();
        await pool.DisposeAsync();
    }

    [Fact]
    public void A_manager_that_is_disposed_by_work_on_its_own_threads_ends()
    {
        var manager = new EventManager();
        Task<bool> work = manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
        {
            manager.Dispose();
            return true;
        });
        Assert.True(Patience.Result(work));
    }

    [Fact]
    public void A_token_lets_a_sender_go_who_waits_for_room()
    {
        using EventManager manager = Manager(Pool(1, capacity: 1, whenFull: QueueFullPolicy.Block), out WorkerPool pool);
        using var gate = new ManualResetEventSlim();
        Occupy(manager, gate);
        manager.ExecuteWork(WorkPriority.Normal, () => { });
        using var source = new CancellationTokenSource();
        bool ran = false;
        Task<Exception?> plain = Task.Run(
            () => Record.Exception(() => manager.ExecuteWork(WorkPriority.Normal, () => { ran = true; }, source.Token)));
        Task<int> withResult = Task.Run(() => manager.ExecuteWorkAsync(WorkPriority.Normal, () => 1, source.Token));

        // Without the token they wait as long as the pool is full, so it does not matter whether they already wait.
        Assert.False(plain.IsCompleted || withResult.IsCompleted);
        source.Cancel();
        Assert.IsAssignableFrom<OperationCanceledException>(Patience.Result(plain));
        Assert.ThrowsAny<OperationCanceledException>(() => Patience.Result(withResult));
        gate.Set();
        Settle(pool, statistics => statistics.Queued == 0);
        Assert.False(ran);
    }

    [Fact]
    public void Senders_that_are_interrupted_while_they_wait_for_room_leave_no_trace()
    {
        using EventManager manager = Manager(Pool(1, capacity: 1, whenFull: QueueFullPolicy.Block), out WorkerPool pool);
        for (int round = 0; round < 20; round++)
        {
            using var gate = new ManualResetEventSlim();
            Occupy(manager, gate);
            manager.ExecuteWork(WorkPriority.Normal, () => { });
            Exception? thrown = null;
            var interrupted = new Thread(() => thrown = Record.Exception(() => manager.ExecuteWork(WorkPriority.Normal, () => { })));
            bool ran = false;
            var patient = new Thread(() => manager.ExecuteWork(WorkPriority.Normal, () => { ran = true; }));
            interrupted.Start();
            patient.Start();
            interrupted.Interrupt();
            Assert.True(interrupted.Join(Patience.Limit));
            Assert.IsType<ThreadInterruptedException>(thrown);
            gate.Set();
            Assert.True(patient.Join(Patience.Limit));
            Settle(pool, statistics => statistics.Queued == 0 && Volatile.Read(ref ran));
        }
    }
}
