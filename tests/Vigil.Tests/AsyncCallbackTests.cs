using System.Collections.Concurrent;
using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>Callbacks that return a task, on the loop and on workers: one at a time until the task has ended, nothing lost, exceptions to
/// the fault policy.</summary>
public sealed class AsyncCallbackTests : IAsyncDisposable
{
    private static readonly CallbackTarget OnLoop = CallbackTarget.Loop;

    private readonly WorkerPool _pool = new(new WorkerPoolOptions { Name = "async", ThreadCount = 2 });
    private readonly ConcurrentQueue<FaultReport> _faults = new();
    private readonly EventFd _fd = new();
    private readonly EventManager _manager;

    public AsyncCallbackTests() => _manager = Manager(FaultPolicy.Report);

    public static TheoryData<bool> Targets => new(false, true);

    public async ValueTask DisposeAsync()
    {
        _manager.Dispose();
        _fd.Dispose();
        await _pool.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_source_that_stays_ready_is_told_again_when_the_task_has_ended_and_not_before(bool onWorker)
    {
        var gates = new Gates();
        SocketEvent source = _manager.CreateSocketEvent(_fd, EventSet.In, (_, _) => gates.Enter(), new() { Target = TargetOf(onWorker) });
        _fd.TryAdd();
        Turn(_manager, () => gates.Entered == 1);
        for (int i = 0; i < 20; i++)
        {
            _manager.RunOnce(TimeSpan.Zero);
        }

        Assert.Equal(1, gates.Entered);
        gates.Open(0);
        Turn(_manager, () => gates.Entered == 2);
        _fd.TryTake(out _);
        gates.Open(1);
        Turn(_manager, () => source.State == SourceState.Armed);
        Drain();
        Assert.Equal(2, gates.Entered);
        Assert.Equal(1, gates.Most);
        Assert.Equal(EventSet.In, source.Interest);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Edges_during_the_task_are_told_when_it_has_ended(bool onWorker)
    {
        var gates = new Gates();
        _manager.CreateSocketEvent(
            _fd,
            EventSet.In | EventSet.EdgeTriggered,
            (_, _) => gates.Enter(),
            new() { Target = TargetOf(onWorker) });
        _fd.TryAdd();
        Turn(_manager, () => gates.Entered == 1);
        _fd.TryAdd();
        Drain();
        Assert.Equal(1, gates.Entered);
        gates.Open(0);
        Turn(_manager, () => gates.Entered == 2);
        gates.Open(1);
        Drain();
        Assert.Equal(2, gates.Entered);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Ticks_that_come_due_during_the_task_come_as_if_the_loop_had_been_busy(bool onWorker)
    {
        var time = new VirtualClock();
        await using var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = time, Workers = pool });
        var second = TimeSpan.FromSeconds(1);
        var gates = new Gates();
        List<long> missed = [];
        manager.CreateTimerEvent(
            second,
            second,
            (_, tick) =>
            {
                missed.Add(tick.Missed);
                return gates.Enter();
            },
            new() { Target = TargetOf(onWorker) });
        time.Advance(second);
        Turn(manager, () => gates.Entered == 1);
        time.Advance(second * 3.5);
        Drain(manager);
        Assert.Equal(1, gates.Entered);
        gates.Open(0);
        Turn(manager, () => gates.Entered == 2);
        Assert.Equal([0, 2], missed);
        gates.Open(1);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Triggers_during_the_task_merge(bool onWorker)
    {
        var gates = new Gates();
        List<long> values = [];
        UserEvent userEvent = _manager.CreateUserEvent(
            UserEventMerge.Add,
            (_, value) =>
            {
                values.Add(value);
                return gates.Enter();
            },
            new() { Target = TargetOf(onWorker) });
        userEvent.Trigger(1);
        Turn(_manager, () => gates.Entered == 1);
        userEvent.Trigger(2);
        userEvent.Trigger(3);
        Drain();
        gates.Open(0);
        Turn(_manager, () => gates.Entered == 2);
        Assert.Equal([1, 5], values);
        gates.Open(1);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Changes_of_files_are_told_in_order_each_after_the_end_of_the_one_before(bool onWorker)
    {
        using var files = new WatchedDirectory(new EventManagerOptions { Workers = _pool });
        ConcurrentQueue<string> told = new();
        int inside = 0;
        int most = 0;
        files.Manager.CreateFileEvent(
            files.Root,
            async (_, change) =>
            {
                most = Math.Max(most, ++inside);
                await Task.Yield();
                inside--;
                told.Enqueue(Path.GetFileName(change.Path));
            },
            new() { Interest = FileInterest.None, Target = TargetOf(onWorker) });
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"f{i:D2}")];
        Array.ForEach(names, name => files.Write(name));
        Turn(files.Manager, () => told.Count == names.Length);
        Assert.Equal(names, told);
        Assert.Equal(1, most);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_end_of_a_child_is_told_once(bool onWorker)
    {
        using Process process = Process.Start("true");
        int told = 0;
        ChildEvent child = _manager.CreateChildEvent(
            process,
            async (_, exit) =>
            {
                await Task.Yield();
                told += exit.ExitCode == 0 ? 1 : 100;
            },
            new() { Target = TargetOf(onWorker) });
        Turn(_manager, () => Volatile.Read(ref told) > 0);
        Drain();
        Assert.Equal(1, told);
        Assert.True(child.IsCancelled);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void What_a_task_fails_with_is_a_fault_of_its_event_before_and_after_it_has_waited(bool onWorker)
    {
        int calls = 0;
        SocketEvent source = _manager.CreateSocketEvent(
            _fd,
            EventSet.In,
            async (_, _) =>
            {
                if (++calls == 2)
                {
                    await Task.Yield();
                }

                throw new FormatException($"{calls}");
            },
            new() { Target = TargetOf(onWorker) });
        _fd.TryAdd();
        Turn(_manager, () => _faults.Count >= 2);
        Assert.Equal(["1", "2"], _faults.Take(2).Select(fault => fault.Exception.Message));
        Assert.All(_faults, fault => Assert.Same(source, fault.Event));
        Assert.All(_faults, fault => Assert.Equal(FaultOrigin.SocketEvent, fault.Origin));
        Assert.All(_faults, fault => Assert.Equal(_fd.Number, fault.Fd));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Detach_cancels_the_event_whose_task_fails(bool onWorker)
    {
        using EventManager manager = Manager(FaultPolicy.Detach);
        using TimerEvent timer = manager.CreateTimerEvent(
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(1),
            Fail,
            new() { Target = TargetOf(onWorker) });
        Turn(manager, () => !_faults.IsEmpty);
        Assert.True(timer.IsCancelled);
        Assert.Equal("late", Assert.Single(_faults).Exception.Message);

        static async Task Fail(TimerEvent source, TimerTick tick)
        {
            await Task.Yield();
            throw new InvalidOperationException("late");
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Cancelling_waits_for_the_task_and_nothing_follows(bool onWorker)
    {
        var gates = new Gates();
        SocketEvent source = _manager.CreateSocketEvent(_fd, EventSet.In, (_, _) => gates.Enter(), new() { Target = TargetOf(onWorker) });
        _fd.TryAdd();
        Turn(_manager, () => gates.Entered == 1);
        Task cancelled = source.CancelAsync();
        Drain();
        Assert.False(cancelled.IsCompleted);
        gates.Open(0);
        Turn(_manager, () => cancelled.IsCompleted);
        Drain();
        Assert.Equal(1, gates.Entered);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_callback_that_returns_the_wait_for_its_own_end_has_ended(bool onWorker)
    {
        Task? ended = null;
        _manager.CreateSocketEvent(_fd, EventSet.In, (source, _) => ended = source.CancelAsync(), new() { Target = TargetOf(onWorker) });
        _fd.TryAdd();
        Turn(_manager, () => Volatile.Read(ref ended) is { IsCompleted: true });
        Assert.Empty(_faults);
    }

    [Fact]
    public void After_an_await_a_callback_on_the_loop_goes_on_there_and_its_event_is_at_hand()
    {
        int thread = 0;
        SocketEvent source = _manager.CreateSocketEvent(_fd, EventSet.In, async (self, _) =>
        {
            await Task.Run(static () => { });
            self.Modify(EventSet.Out);
            thread = Environment.CurrentManagedThreadId;
            self.Cancel();
        });
        _fd.TryAdd();
        Turn(_manager, () => thread != 0);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
        Assert.Equal(EventSet.Out, source.Interest);
        Assert.True(source.IsCancelled);
    }

    [Fact]
    public void After_an_await_a_callback_on_a_pinned_worker_goes_on_there_and_what_it_calls_on_its_event_is_left_to_the_loop()
    {
        ConcurrentQueue<string?> threads = new();
        SocketEvent source = _manager.CreateSocketEvent(
            _fd,
            EventSet.In,
            async (self, _) =>
            {
                threads.Enqueue(Thread.CurrentThread.Name);
                await Task.Yield();
                threads.Enqueue(Thread.CurrentThread.Name);
                await Task.Run(static () => { });
                threads.Enqueue(Thread.CurrentThread.Name);
                self.Modify(EventSet.Out);
                self.Disarm();
            },
            new() { Target = CallbackTarget.Thread(1) });
        _fd.TryAdd();
        Turn(_manager, () => source.State == SourceState.Disarmed && source.Interest == EventSet.Out);
        Assert.Equal(["async-1", "async-1", "async-1"], threads);
        Assert.Empty(_faults);
    }

    [Fact]
    public void What_async_void_throws_on_a_worker_is_a_fault_and_not_the_end_of_the_program()
    {
        SocketEvent source = _manager.CreateSocketEvent(
            _fd,
            EventSet.In | EventSet.OneShot,
            OnReady,
            new() { Target = CallbackTarget.Worker() });
        _fd.TryAdd();
        Turn(_manager, () => _faults.Count == 1);
        _manager.ExecuteWork(WorkPriority.Normal, OnWork);
        Turn(_manager, () => _faults.Count == 2);
        Assert.Equal([FaultOrigin.SocketEvent, FaultOrigin.Work], _faults.Select(fault => fault.Origin));
        Assert.Same(source, _faults.First().Event);

        static async void OnReady(SocketEvent source, EventSet ready)
        {
            await Task.Yield();
            await Task.Delay(1);
            throw new InvalidOperationException("late");
        }

        static async void OnWork()
        {
            await Task.Yield();
            throw new InvalidOperationException("later");
        }
    }

    [Fact]
    public async Task A_synchronous_callback_on_the_only_worker_may_wait_for_a_task_that_goes_on_elsewhere()
    {
        await using var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Workers = pool });
        int result = 0;
        manager.CreateSocketEvent(
            _fd,
            EventSet.In | EventSet.OneShot,
            (_, _) => { result = Patience.Result(Compute()); },
            new() { Target = CallbackTarget.Worker() });
        _fd.TryAdd();
        Turn(manager, () => result == 42);

        static async Task<int> Compute()
        {
            await Task.Yield();
            await Task.Delay(1);
            return 42;
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_ValueTask_is_as_good_and_one_that_has_ended_costs_no_wait(bool onWorker)
    {
        int calls = 0;
        _manager.CreateUserEvent(UserEventMerge.Add, Count, new() { Target = TargetOf(onWorker) }).Trigger();
        Turn(_manager, () => Volatile.Read(ref calls) == 1);
        _manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => CountLater(), new() { Target = TargetOf(onWorker) });
        Turn(_manager, () => Volatile.Read(ref calls) == 2);
        Assert.Empty(_faults);

        ValueTask Count(UserEvent source, long value)
        {
            calls++;
            return ValueTask.CompletedTask;
        }

        async ValueTask CountLater()
        {
            await Task.Yield();
            Interlocked.Increment(ref calls);
        }
    }

    [Fact]
    public void Null_instead_of_a_task_is_a_fault()
    {
        Task? none = null;
        _manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => none!);
        _manager.RemoteEndpoint.Fire(_ => none!);
        Turn(_manager, () => _faults.Count == 2);
        Assert.All(_faults, fault => Assert.Contains("null instead of a task", fault.Exception.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void An_exclusive_fd_has_no_asynchronous_callback() => Assert.Equal(
        EventManagerError.InvalidInterest,
        Assert.Throws<EventManagerException>(
            () => _manager.CreateSocketEvent(_fd, EventSet.In | EventSet.Exclusive, async (_, _) => await Task.Yield())).Error);

    [Fact]
    public void Asynchronous_closures_that_are_fired_or_deferred_go_on_on_the_loop_and_what_they_throw_is_a_fault()
    {
        int thread = Environment.CurrentManagedThreadId;
        int wrong = 0;
        _manager.RemoteEndpoint.Fire(_ => Fail("fire"));
        _manager.RemoteEndpoint.Fire((_, name) => Fail(name), "fire with a state");
        _manager.RemoteEndpoint.Fire(_ => FailValue("fire a value"));
        Assert.True(_manager.RemoteEndpoint.TryFire(async (_, number) => await Fail($"try {number}"), 7));
        _manager.Defer(async _ => await Fail("defer"));
        _manager.Defer((_, name) => FailValue(name), "defer with a state");
        _manager.RemoteEndpoint.Fire(_ => Task.FromException(new FormatException("at once")));
        Turn(_manager, () => _faults.Count == 7);
        Assert.Equal(
            ["at once", "defer", "defer with a state", "fire", "fire a value", "fire with a state", "try 7"],
            _faults.Select(fault => fault.Exception.Message).Order(StringComparer.Ordinal));
        Assert.Equal(0, wrong);

        async Task Fail(string name)
        {
            await Task.Yield();
            wrong += Environment.CurrentManagedThreadId == thread ? 0 : 1;
            throw new FormatException(name);
        }

        async ValueTask FailValue(string name) => await Fail(name);
    }

    [Fact]
    public async Task Asynchronous_work_stays_on_the_thread_that_it_is_pinned_to()
    {
        string?[] threads = await _manager.ExecuteWorkAsync(WorkTarget.Thread(1), async () =>
        {
            string? first = Thread.CurrentThread.Name;
            await Task.Yield();
            string? second = Thread.CurrentThread.Name;
            await Task.Delay(1).ConfigureAwait(false);
            return new[] { first, second, Thread.CurrentThread.IsThreadPoolThread ? "pool" : "worker" };
        }).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.Equal("async-1 async-1 pool", string.Join(' ', threads));
    }

    [Fact]
    public async Task Asynchronous_work_whose_workers_have_ended_goes_on_on_the_runtimes_pool()
    {
        var gate = new TaskCompletionSource();
        var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Workers = pool });
        Task<bool> work = manager.ExecuteWorkAsync(WorkTarget.Thread(0), async () =>
        {
            await gate.Task;
            return Thread.CurrentThread.IsThreadPoolThread;
        });
        await pool.DisposeAsync();
        gate.SetResult();
        Assert.True(await work.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task A_callback_whose_manager_is_disposed_meanwhile_goes_on_to_its_end(bool onWorker)
    {
        var gate = new TaskCompletionSource();
        bool isEntered = false;
        bool isFinished = false;
        EventManager manager = Manager(FaultPolicy.Report);
        TimerEvent timer = manager.CreateTimerEvent(
            TimeSpan.Zero,
            async (_, _) =>
            {
                try
                {
                    Volatile.Write(ref isEntered, true);
                    await gate.Task;
                }
                finally
                {
                    isFinished = true;
                }

                throw new FormatException("after the end");
            },
            new() { Target = TargetOf(onWorker) });
        Turn(manager, () => Volatile.Read(ref isEntered));
        Task ended = timer.CancelAsync();
        manager.Dispose();
        gate.SetResult();
        await ended.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(isFinished);
        Assert.True(SpinWait.SpinUntil(() => !_faults.IsEmpty, Patience.Limit));
        Assert.Equal("after the end", Assert.Single(_faults).Exception.Message);
    }

    private static CallbackTarget TargetOf(bool onWorker) => onWorker ? CallbackTarget.Worker() : OnLoop;

    // Without sleeping: the condition may become true on a worker, without a wake-up of the loop.
    private static void Turn(EventManager manager, Func<bool> until) => Assert.True(SpinWait.SpinUntil(
        () =>
        {
            manager.RunOnce(TimeSpan.Zero);
            return until();
        },
        Patience.Limit));

    private static void Drain(EventManager manager)
    {
        for (int i = 0; i < 20; i++)
        {
            manager.RunOnce(TimeSpan.Zero);
        }
    }

    private void Drain() => Drain(_manager);

    private EventManager Manager(FaultPolicy policy)
    {
        var manager = new EventManager(new EventManagerOptions { FaultPolicy = policy, Workers = _pool });
        manager.FaultReported += (_, report) => _faults.Enqueue(report);
        return manager;
    }

    /// <summary>The gates that callbacks wait for, and the number of callbacks inside.</summary>
    private sealed class Gates
    {
        private readonly TaskCompletionSource[] _gates = [.. Enumerable.Range(0, 8).Select(
            _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        private int _entered;
        private int _inside;
        private int _most;

        public int Entered => Volatile.Read(ref _entered);

        /// <summary>The largest number inside at once.</summary>
        public int Most => Volatile.Read(ref _most);

        public async Task Enter()
        {
            _most = Math.Max(_most, Interlocked.Increment(ref _inside));
            await _gates[Interlocked.Increment(ref _entered) - 1].Task;
            Interlocked.Decrement(ref _inside);
        }

        public void Open(int gate) => _gates[gate].SetResult();
    }
}
