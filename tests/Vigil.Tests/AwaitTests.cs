namespace Vigil.Tests;

public sealed class AwaitTests
{
    [Fact]
    public void Await_in_a_callback_resumes_on_the_loop()
    {
        using var manager = new EventManager();
        using var fd = new EventFd(1);
        List<int> threads = [];
        manager.CreateSocketEvent(fd, EventSet.In, async (source, _) =>
        {
            source.Cancel();
            threads.Add(Environment.CurrentManagedThreadId);
            await Task.Delay(5);
            threads.Add(Environment.CurrentManagedThreadId);
            Assert.Same(manager, EventManager.Current);
            manager.Stop();
        });
        manager.Run();
        Assert.Equal([Environment.CurrentManagedThreadId, Environment.CurrentManagedThreadId], threads);
    }

    [Fact]
    public void A_run_restores_the_synchronization_context_that_was_there()
    {
        var outer = new SynchronizationContext();
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(outer);
        try
        {
            using var manager = new EventManager();
            manager.Defer(_ => Assert.NotSame(outer, SynchronizationContext.Current));
            manager.RunOnce();
            Assert.Same(outer, SynchronizationContext.Current);
            manager.Defer(_ => throw new InvalidOperationException());
            Assert.Throws<InvalidOperationException>(() => manager.RunOnce());
            Assert.Same(outer, SynchronizationContext.Current);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Fact]
    public void What_an_async_void_callback_throws_reaches_the_fault_policy()
    {
        using var manager = new EventManager();
        manager.Defer(async _ =>
        {
            await Task.Yield();
            throw new FormatException("late");
        });
        Assert.Equal("late", Assert.Throws<FormatException>(() => manager.Run()).Message);
    }

    [Fact]
    public void Send_runs_inline_on_the_loop_and_waits_elsewhere()
    {
        using var loop = new LoopThread();
        SynchronizationContext context = loop.Endpoint.CallBlocking(_ => SynchronizationContext.Current!);
        int onLoop = loop.Endpoint.CallBlocking(_ =>
        {
            int thread = 0;
            context.Send(_ => thread = Environment.CurrentManagedThreadId, null);
            return thread;
        });
        int elsewhere = 0;
        context.Send(_ => elsewhere = Environment.CurrentManagedThreadId, null);
        Assert.Equal((loop.ThreadId, loop.ThreadId), (onLoop, elsewhere));
    }

    [Fact]
    public void A_continuation_that_outlives_the_manager_still_runs()
    {
        var manager = new EventManager();
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        manager.Defer(async _ =>
        {
            try
            {
                await source.Task;
            }
            finally
            {
                finished.SetResult();
            }
        });
        manager.RunOnce();
        manager.Dispose();
        source.SetResult();
        Patience.Wait(finished.Task);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void What_is_posted_to_the_context_while_the_manager_ends_runs_exactly_once()
    {
        const int Senders = 4;
        const int Most = 20_000;
        for (int round = 0; round < Scale.Times(12); round++)
        {
            var loop = new LoopThread(prepare: manager => manager.FaultReported += (_, _) => { });
            SynchronizationContext context = loop.Endpoint.CallBlocking(_ => SynchronizationContext.Current!);
            int[] runs = new int[Senders * Most];
            bool ends = false;
            using var start = new Barrier(Senders + 1);
            Task<int>[] senders = [.. Enumerable.Range(0, Senders).Select(sender => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait(Patience.Limit);
                    int posted = 0;
                    for (; posted < Most && !Volatile.Read(ref ends); posted++)
                    {
                        context.Post(number => Interlocked.Increment(ref runs[(int)number!]), (sender * Most) + posted);
                        if (sender == 0)
                        {
                            _ = Record.Exception(() => loop.Endpoint.Fire(static _ => { }));
                        }
                    }

                    return posted;
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))];
            start.SignalAndWait(Patience.Limit);
            Thread.SpinWait(round % 40 * 200);
            loop.Dispose();
            Volatile.Write(ref ends, true);
            int posted = senders.Sum(Patience.Result);
            Assert.True(
                SpinWait.SpinUntil(() => Volatile.Read(ref runs[0]) >= 0 && runs.Sum() >= posted, Patience.Limit),
                "Some did not run.");
            Assert.DoesNotContain(runs, count => count > 1);
        }
    }
}
