using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>The promises of callbacks on workers, with real threads and under load.</summary>
public sealed class WorkerCallbackLoadTests : IAsyncLifetime
{
    private readonly WorkerPool _pool = new(new WorkerPoolOptions { Name = "callback", ThreadCount = 3, QueueCapacity = 1 });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Theory]
    [Trait("Duration", "Scaled")]
    [InlineData(EventSet.In)]
    [InlineData(EventSet.In | EventSet.EdgeTriggered)]
    [InlineData(EventSet.In | EventSet.Out | EventSet.EdgeTriggered)]
    [InlineData(EventSet.In | EventSet.OneShot)]
    public void Under_load_no_readiness_is_lost_and_no_callback_runs_twice_at_once(EventSet interest)
    {
        const int Pairs = 24;
        int each = Scale.Times(12_000);
        using var loop = new LoopThread(new EventManagerOptions { Workers = _pool });
        UnixSocketPair[] pairs = [.. Enumerable.Range(0, Pairs).Select(_ => new UnixSocketPair())];
        int[] running = new int[Pairs];
        int[] received = new int[Pairs];
        int overlaps = 0;
        using var all = new CountdownEvent(Pairs);
        SocketEvent[] sources = [.. Enumerable.Range(0,
            Pairs).Select(pair => loop.Endpoint.CallBlocking(manager => manager.CreateSocketEvent(
            pairs[pair].First,
            interest,
            (self, _) =>
            {
                if (Interlocked.Increment(ref running[pair]) != 1)
                {
                    Interlocked.Increment(ref overlaps);
                }

                // An edge is reported once, so everything must be read; a level is reported as long as it lasts.
                Span<byte> buffer = stackalloc byte[777];
                bool isEdge = (interest & EventSet.EdgeTriggered) != EventSet.None;
                do
                {
                    IOResult read = NonBlocking.TryRead(pairs[pair].First, buffer);
                    if (read.WouldBlock)
                    {
                        break;
                    }

                    if ((received[pair] += read.Count) == each)
                    {
                        all.Signal();
                    }
                }
                while (isEdge);
                if ((interest & EventSet.OneShot) != EventSet.None)
                {
                    self.Arm();
                }

                Interlocked.Decrement(ref running[pair]);
            },
            new() { Target = pair % 4 == 0 ? CallbackTarget.Thread(pair % 3) : CallbackTarget.Worker((WorkPriority)(pair % 3)) })))];
        Thread[] writers = [.. Enumerable.Range(0, 2).Select(half => new Thread(() => WriteAll(pairs, half, each)))];
        Array.ForEach(writers, writer => writer.Start());
        Assert.True(all.Wait(Patience.Limit), $"received {string.Join(' ', received)}");
        Array.ForEach(writers, writer => writer.Join());
        Assert.Equal(0, overlaps);
        Assert.All(received, count => Assert.Equal(each, count));
        Array.ForEach(sources, source => loop.Endpoint.CallBlocking(_ => source.CancelAsync()));
        Array.ForEach(pairs, pair => pair.Dispose());
        WorkerPoolStatistics statistics = _pool.GetStatistics();
        Assert.Equal((0, 0), (statistics.Failed, statistics.Rejected));
    }

    [Fact]
    public void A_source_that_is_removed_while_its_callback_hangs_is_waited_for_and_the_others_go_on()
    {
        using var loop = new LoopThread(new EventManagerOptions { Workers = _pool });
        using var hanging = new EventFd(1);
        using var lively = new EventFd(1);
        using var hangs = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var hundred = new CountdownEvent(100);
        int hangsCalled = 0;
        SocketEvent source = loop.Endpoint.CallBlocking(manager => manager.CreateSocketEvent(hanging, EventSet.In, (_, _) =>
        {
            hangsCalled++;
            hangs.Set();
            release.Wait();
        }, new() { Target = CallbackTarget.Worker() }));
        Assert.True(hangs.Wait(Patience.Limit));
        Task removed = Task.CompletedTask;
        loop.Endpoint.CallBlocking(_ => { removed = source.CancelAsync(); });
        loop.Endpoint.CallBlocking(manager => manager.CreateSocketEvent(lively, EventSet.In, (self, _) =>
        {
            if (hundred.CurrentCount == 0 || hundred.Signal())
            {
                self.Cancel();
            }
        }, new() { Target = CallbackTarget.Worker() }));
        Assert.True(hundred.Wait(Patience.Limit));
        Assert.True(source.IsCancelled);
        Assert.False(removed.IsCompleted);
        release.Set();
        Patience.Wait(removed);
        loop.Endpoint.CallBlocking(_ => { });
        Assert.Equal(1, hangsCalled);
    }

    [Fact]
    public void A_callback_on_a_worker_may_call_the_loop_and_wait_while_the_loop_sends_it_work()
    {
        using var loop = new LoopThread(new EventManagerOptions { Workers = _pool });
        using var fd = new EventFd();
        using var done = new CountdownEvent(1000);
        int count = 0;
        loop.Endpoint.CallBlocking(manager => manager.CreateSocketEvent(fd, EventSet.In, (self, _) =>
        {
            while (fd.TryTake(out ulong _))
            {
                self.Manager.RemoteEndpoint.CallBlocking(_ => count++);
                done.Signal();
            }
        }, new() { Target = CallbackTarget.Thread(0) }));
        for (int i = 0; i < 1000; i++)
        {
            loop.Endpoint.CallBlocking(_ => fd.TryAdd());
            Assert.True(SpinWait.SpinUntil(() => done.CurrentCount < 1000 - i, Patience.Limit));
        }

        Assert.True(done.Wait(Patience.Limit));
        Assert.Equal(1000, loop.Endpoint.CallBlocking(_ => count));
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Triggers_of_eight_threads_add_up_in_callbacks_on_workers()
    {
        const int Threads = 8;
        int each = Scale.Times(15_000);
        using var loop = new LoopThread(new EventManagerOptions { Workers = _pool });
        using var done = new ManualResetEventSlim();
        long sum = 0;
        int running = 0;
        int overlaps = 0;
        UserEvent userEvent = loop.Endpoint.CallBlocking(manager => manager.CreateUserEvent(UserEventMerge.Add, (_, value) =>
        {
            overlaps += Interlocked.Increment(ref running) == 1 ? 0 : 1;
            sum += value;
            if (sum == (long)Threads * each)
            {
                done.Set();
            }

            Interlocked.Decrement(ref running);
        }, new() { Target = CallbackTarget.Worker() }));
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                userEvent.Trigger();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.True(done.Wait(Patience.Limit), $"the sum is {Volatile.Read(ref sum)}");
        Assert.Equal(0, overlaps);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Sources_come_and_go_while_their_callbacks_run_and_none_is_called_after_its_cancellation()
    {
        int rounds = Scale.Times(400);
        using var loop = new LoopThread(new EventManagerOptions { Workers = _pool });
        int late = 0;
        var random = new Random(7);
        for (int i = 0; i < rounds; i++)
        {
            using var fd = new EventFd(1);
            bool isOver = false;
            using var called = new ManualResetEventSlim();
            SocketEvent source = loop.Endpoint.CallBlocking(manager => manager.CreateSocketEvent(fd, EventSet.In, (_, _) =>
            {
                late += Volatile.Read(ref isOver) ? 1 : 0;
                called.Set();
            }, new() { Target = CallbackTarget.Worker() }));
            if (random.Next(2) == 0)
            {
                Assert.True(called.Wait(Patience.Limit));
            }

            loop.Endpoint.CallBlocking(_ => source.CancelAsync());
            Volatile.Write(ref isOver, true);
        }

        Assert.Equal(0, late);
    }

    [Fact]
    public void A_file_tree_that_changes_under_load_is_known_on_the_worker()
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _pool });
        var told = new Told(files.Root);
        bool isEndTold = false;
        files.Manager.CreateFileEvent(files.Root, (_, change) =>
        {
            told.Apply(change);
            Volatile.Write(ref isEndTold, isEndTold || change.Path.EndsWith("/end", StringComparison.Ordinal));
        }, new FileEventOptions { Recursive = true, Target = CallbackTarget.Worker() });
        var random = new Random(11);
        var writer = new Thread(() =>
        {
            for (int i = 0; i < 500; i++)
            {
                string directory = Path.Combine(files.Root, $"d{random.Next(10)}");
                Directory.CreateDirectory(directory);
                File.WriteAllText(Path.Combine(directory, $"f{random.Next(10)}"), "x");
                if (random.Next(10) == 0)
                {
                    Directory.Delete(directory, recursive: true);
                }
            }

        });
        writer.Start();
        RunWhile(() => writer.IsAlive);

        // This change is reported last. Afterwards the collected knowledge no longer changes, and may be read here.
        File.WriteAllText(Path.Combine(files.Root, "end"), "x");
        RunWhile(() => !Volatile.Read(ref isEndTold));

        Assert.Equal(Told.OnDisk(files.Root), told.Paths);

        void RunWhile(Func<bool> condition)
        {
            var clock = Stopwatch.StartNew();
            while (condition())
            {
                Assert.True(clock.Elapsed < Patience.Limit);
                files.Manager.RunOnce(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    // In small parts and in turns, so that each source becomes ready again and again.
    private static void WriteAll(UnixSocketPair[] pairs, int half, int each)
    {
        var random = new Random(half);
        byte[] bytes = new byte[1000];
        int[] left = new int[pairs.Length];
        Array.Fill(left, each);
        bool isDone = false;
        while (!isDone)
        {
            isDone = true;
            bool isFull = true;
            for (int i = half; i < pairs.Length; i += 2)
            {
                if (left[i] > 0)
                {
                    IOResult written = NonBlocking.TryWrite(
                        pairs[i].Second,
                        bytes.AsSpan(0, Math.Min(left[i], random.Next(1, bytes.Length))));
                    left[i] -= written.WouldBlock ? 0 : written.Count;
                    isFull &= written.WouldBlock;
                    isDone = false;
                }
            }

            if (isFull)
            {
                Thread.Yield();
            }
        }
    }
}
