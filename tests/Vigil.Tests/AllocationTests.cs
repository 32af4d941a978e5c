using System.Diagnostics;

namespace Vigil.Tests;

public sealed class AllocationTests
{
    [Fact]
    public void A_million_dispatches_allocate_nothing()
    {
        using var manager = new EventManager();
        using var subscriberFd = new EventFd(1);
        using var callbackFd = new EventFd(1);
        var counter = new Counter(subscriberFd);
        manager.AddSubscriber(counter);
        manager.CreateSocketEvent(callbackFd, EventSet.In, (_, _) => counter.Seen++);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 125_000; i++)
            {
                manager.RunOnce();
            }
        });
        Assert.True(counter.Seen >= 1_000_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_a_watchdog_dispatches_timers_and_posts_allocate_nothing_either(bool exactTiming)
    {
        using var manager = new EventManager(new EventManagerOptions
        {
            // So that a busy machine causes no report, which does allocate.
            Watchdog = new WatchdogOptions
            {
                CallbackBudget = TimeSpan.FromHours(1),
                PhaseBudget = TimeSpan.FromHours(1),
                ExactTiming = exactTiming
            },
        });
        using var fd = new EventFd(1);
        var counter = new Counter(fd);
        manager.AddSubscriber(counter);
        manager.CreateTimerEvent(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), (_, _) => { });
        manager.AddPrepareHook(static running =>
        {
            running.RemoteEndpoint.Fire(static (_, _) => { }, 1);
            running.Defer(static (_, _) => { }, 1);
        });
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                manager.RunOnce();
            }
        });
        Assert.True(counter.Seen >= 40_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_a_recorder_waits_clocks_traffic_and_posts_allocate_nothing_either(bool toFile)
    {
        string path = Path.Combine(Path.GetTempPath(), $"vigil-recording-{Guid.NewGuid():N}");
        var options = new RecorderOptions { BufferBytes = 131_072 };
        try
        {
            using Recorder recorder = toFile ? Recorder.ToFile(path, options) : Recorder.ToRing(options);
            using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
            using FdHandle fd = recorder.Open("semaphore", static () => new EventFd(1_000_000, EventFdMode.Semaphore));
            byte[] buffer = new byte[8];
            int read = 0;
            manager.CreateSocketEvent(fd, EventSet.In, (_, _) => read += NonBlocking.TryRead(fd, buffer).Count);
            manager.CreateTimerEvent(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), (_, _) => { });
            manager.AddPrepareHook(static running => running.RemoteEndpoint.Fire(static (_, _) => { }, 1));
            Allocations.AssertNone(() =>
            {
                for (int i = 0; i < 5_000; i++)
                {
                    manager.RunOnce();
                }
            });
            Assert.True(read >= 40_000);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Timers_that_fire_and_are_started_anew_allocate_nothing()
    {
        using var manager = new EventManager();
        int[] fired = [0];
        TimerEvent idle = manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { });
        manager.CreateTimerEvent(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), (_, _) =>
        {
            fired[0]++;
            idle.Change(TimeSpan.FromHours(1));
        });
        manager.CreateTimerEvent(TimeSpan.Zero, (timer, _) => timer.Change(TimeSpan.Zero));
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                manager.RunOnce();
            }
        });
        Assert.True(fired[0] >= 40_000);
    }

    [Fact]
    public void Callbacks_on_workers_allocate_nothing()
    {
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using var fd = new EventFd(1);
        int[] calls = new int[3];
        manager.CreateSocketEvent(fd, EventSet.In, (self, _) => calls[0]++, new() { Target = CallbackTarget.Worker() });
        UserEvent userEvent = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => calls[1]++, new() { Target = CallbackTarget.Worker() });
        manager.CreateTimerEvent(
            TimeSpan.FromTicks(1),
            TimeSpan.FromTicks(1),
            (_, _) => calls[2]++,
            new() { Target = CallbackTarget.Worker() });
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                userEvent.Trigger();
                manager.RunOnce(TimeSpan.Zero);
                while (workers.Count > 0)
                {
                    workers.RunNext();
                }
            }
        });
        Assert.All(calls, count => Assert.True(count >= 5_000));
    }

    [Fact]
    public void Changes_of_interest_allocate_nothing()
    {
        using var manager = new EventManager();
        using var fd = new EventFd(1);
        SubscriberId id = manager.AddSubscriber(new Counter(fd));
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 2_500; i++)
            {
                EventOps ops = manager.GetEventOps(id);
                ops.AddInterest(fd, EventSet.Out);
                ops.RemoveInterest(fd, EventSet.Out);
                ops.Disarm(fd);
                ops.Arm(fd);
            }
        });
    }

    [Fact]
    public void A_million_fired_closures_with_state_allocate_nothing()
    {
        using var manager = new EventManager();
        int[] sum = [0];
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 2_500; i++)
            {
                for (int j = 0; j < 50; j++)
                {
                    manager.RemoteEndpoint.Fire(static (_, sum) => sum[0]++, sum);
                    manager.RemoteEndpoint.Fire(static (_, state) => state.Sum[0] += state.By, (Sum: sum, By: 1));
                }

                manager.RunOnce();
            }
        });
        Assert.True(sum[0] >= 1_000_000);
        Assert.Equal(0, sum[0] % 250_000);
    }

    [Fact]
    public void Closures_fired_by_another_thread_allocate_nothing_on_either_side()
    {
        const int Count = 50_000;
        const int MostUnderWay = 1_000;
        using var loop = new LoopThread(prepare: manager => manager.AddPrepareHook(static _ => { }));
        int[] sum = [0];

        // As many boxes of values exist as were ever in flight at once; the test fixes that number.
        using (var gate = new ManualResetEventSlim())
        {
            loop.Endpoint.Fire(static (_, gate) => gate.Wait(Patience.Limit), gate);
            for (int i = 0; i < MostUnderWay + 2; i++)
            {
                loop.Endpoint.Fire(static (_, state) => state.Sum[0] += state.By, (Sum: sum, By: 1));
            }

            gate.Set();
            loop.Endpoint.CallBlocking(static _ => { });
        }

        // The calls that read the loop's figure allocate themselves.
        Allocations.AssertNoneMeasured(
            () =>
            {
                long before = loop.Endpoint.CallBlocking(static _ => GC.GetAllocatedBytesForCurrentThread());
                long here = Allocations.Of(FireAll);
                return here + loop.Endpoint.CallBlocking(static _ => GC.GetAllocatedBytesForCurrentThread()) - before;
            },
            allowed: 2_000);

        void FireAll()
        {
            int target = sum[0] + Count;
            for (int i = 0; i < Count; i++)
            {
                loop.Endpoint.Fire(static (_, state) => state.Sum[0] += state.By, (Sum: sum, By: 1));
                while (i - (Volatile.Read(ref sum[0]) - (target - Count)) > MostUnderWay)
                {
                    Thread.Yield();
                }
            }

            while (Volatile.Read(ref sum[0]) != target)
            {
                Thread.Yield();
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Within_a_trace_to_which_nobody_listens_closures_timers_and_triggers_allocate_nothing(bool onWorker)
    {
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using Activity trace = new Activity("a trace").Start();
        int[] sum = [0];
        CallbackTarget target = onWorker ? CallbackTarget.Worker() : CallbackTarget.Loop;
        manager.CreateTimerEvent(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), (_, _) => sum[0]++, new() { Target = target });
        UserEvent user = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => sum[0]++, new() { Target = target });
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 2_500; i++)
            {
                user.Trigger();
                manager.RemoteEndpoint.Fire(static (_, sum) => sum[0]++, sum);
                manager.RemoteEndpoint.Fire(static (_, state) => state.Sum[0] += state.By, (Sum: sum, By: 1));
                manager.ExecuteWork(WorkPriority.Normal, static sum => sum[0]++, sum);
                manager.RunOnce(TimeSpan.Zero);
                while (workers.Count > 0)
                {
                    workers.RunNext();
                }
            }
        });
        Assert.True(sum[0] >= 40_000);
    }

    [Fact]
    public void Also_while_somebody_listens_to_activities_the_dispatch_of_descriptors_and_what_belongs_to_no_trace_allocate_nothing()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        using var fd = new EventFd(1);
        using var other = new EventFd(1);
        var counter = new Counter(fd);
        int[] sum = [0];
        manager.CreateTimerEvent(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), (_, _) => sum[0]++);
        using (log.StartParent())
        {
            manager.AddSubscriber(counter);
            manager.CreateSocketEvent(other, EventSet.In, (_, _) => sum[0]++);
        }

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 2_500; i++)
            {
                manager.RemoteEndpoint.Fire(static (_, sum) => sum[0]++, sum);
                manager.RunOnce();
            }
        });
        Assert.True(counter.Seen >= 10_000);
        Assert.Empty(log.Started);
    }

    [Fact]
    public void Deferred_callbacks_with_state_allocate_nothing()
    {
        using var manager = new EventManager();
        int[] sum = [0];
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                manager.Defer(static (_, sum) => sum[0]++, sum);
                manager.Defer(static (_, state) => state.Sum[0] += state.By, (Sum: sum, By: 2));
                manager.RunOnce();
            }
        });
    }

    private sealed class Counter(EventFd fd) : IEventSubscriber
    {
        public int Seen { get; set; }

        public void Initialize(EventOps ops) => ops.Add(new Events(fd, EventSet.In));

        public void Process(in Events events, EventOps ops) => Seen++;
    }
}
