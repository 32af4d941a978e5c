using System.Globalization;

namespace Vigil.Tests;

/// <summary>Async locals, the culture and synchronization contexts: no owner sees another's, and the context that flows is the sender's or
/// the creator's (docs/threading.md).</summary>
public sealed class AmbientContextTests : IDisposable
{
    private static readonly AsyncLocal<string?> Local = new();

    private readonly EventFd _fd = new(1);

    public void Dispose() => _fd.Dispose();

    public static TheoryData<string> Leavers =>
        new("fire", "fire-state", "defer", "timer", "socket", "user", "hook", "delay", "provided", "subscriber", "call", "throwing");

    [Theory]
    [MemberData(nameof(Leavers))]
    public void What_a_callback_leaves_in_its_context_is_seen_neither_by_the_next_ones_nor_by_the_caller_of_the_run(string leaver)
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<string> seen = [];
        manager.FaultReported += (_, _) => seen.Add(Seen());
        bool hasLeft = false;
        CultureInfo before = CultureInfo.CurrentCulture;
        SynchronizationContext? outer = SynchronizationContext.Current;
        using var other = new EventFd();
        Outside(() => Prepare(manager, leaver, Leave));
        foreach (string receiver in new[] { "fire", "fire-state", "defer", "timer", "user", "hook", "provided", "call" })
        {
            Outside(() => Prepare(manager, receiver, () => seen.Add(Seen())));
        }

        Outside(() => manager.CreateSocketEvent(other, EventSet.In, (source, _) =>
        {
            source.Cancel();
            seen.Add(Seen());
        }));
        manager.RunUntil(() => hasLeft);
        other.TryAdd();
        Outside(() => manager.RemoteEndpoint.Fire(_ => seen.Add(Seen())));
        manager.RunUntil(() => seen.Count >= 10);
        Assert.All(seen, one => Assert.Equal("clean", one));
        Assert.Null(Local.Value);
        Assert.Same(before, CultureInfo.CurrentCulture);
        Assert.Same(outer, SynchronizationContext.Current);

        void Leave()
        {
            hasLeft = true;
            Local.Value = "left";
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "#" } };
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            if (leaver is "throwing")
            {
                throw new InvalidOperationException("left");
            }
        }

        string Seen() =>
            Local.Value ?? (CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator is "#"
                ? "culture"
                : SynchronizationContext.Current?.GetType() == typeof(SynchronizationContext) ? "context" : "clean");
    }

    [Theory]
    [InlineData("fire")]
    [InlineData("fire-state")]
    [InlineData("defer")]
    [InlineData("call")]
    [InlineData("timer")]
    [InlineData("user")]
    [InlineData("socket")]
    [InlineData("hook")]
    [InlineData("provided")]
    [InlineData("subscriber")]
    public void A_callback_has_the_context_of_whoever_sent_or_created_it(string kind)
    {
        using var manager = new EventManager();
        List<string?> seen = [];
        Local.Value = "its own";
        Prepare(manager, kind, () => seen.Add(Local.Value));
        Local.Value = "whoever runs";
        manager.RunUntil(() => seen.Count > 0);
        Assert.Equal("its own", seen[0]);
        Assert.Equal("whoever runs", Local.Value);
    }

    [Fact]
    public void A_run_has_the_default_context_and_what_does_not_flow_on_purpose_sees_it()
    {
        using var manager = new EventManager();
        List<string?> seen = [];
        Local.Value = "the caller's";
        using (ExecutionContext.SuppressFlow())
        {
            manager.RemoteEndpoint.Fire(_ => seen.Add(Local.Value));
            manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => seen.Add(Local.Value));
            manager.Defer(_ => seen.Add(Local.Value));
            manager.RunUntil(() => seen.Count == 3);
            Assert.True(ExecutionContext.IsFlowSuppressed());
            Assert.Equal("the caller's", Local.Value);
        }

        Assert.Equal(new string?[3], seen);
    }

    [Fact]
    public void What_was_posted_to_the_loop_has_its_senders_context_also_where_the_manager_ends_first()
    {
        var manager = new EventManager();
        SynchronizationContext context = null!;
        manager.RemoteEndpoint.Fire(_ => context = SynchronizationContext.Current!);
        manager.RunOnce();
        var waiting = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var late = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Local.Value = "sender";
        context.Post(_ => waiting.SetResult(Local.Value), state: null);
        Local.Value = "disposer";
        manager.Dispose();
        Local.Value = "late";
        context.Post(_ => late.SetResult(Local.Value), state: null);
        Local.Value = null;
        Assert.Equal(("sender", "late"), (Patience.Result(waiting.Task), Patience.Result(late.Task)));
    }

    [Fact]
    public async Task Calls_flow_from_their_senders_thread_and_each_part_of_an_asynchronous_one_has_its_own_context()
    {
        using var loop = new LoopThread();
        Local.Value = "one";
        Task<string> one = loop.Endpoint.CallAsync(async _ =>
        {
            string before = $"{Local.Value}";
            Local.Value = "one on";
            await Task.Yield();
            return $"{before}, {Local.Value}";
        });
        Local.Value = "two";
        Assert.Equal("two", loop.Endpoint.CallBlocking(_ => Local.Value));
        Assert.Equal("one, one on", await one.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Local.Value = null;
        Assert.Null(loop.Endpoint.CallBlocking(_ => Local.Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Work_has_its_senders_context_and_leaves_nothing_to_the_next(bool isPool)
    {
        await using var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Workers = isPool ? pool : ThreadPoolExecutor.Instance });
        Local.Value = "alice";
        Assert.Equal("alice", await Run(() => Leave()));
        Local.Value = null;
        Assert.Equal(
            "clean",
            await Run(
                () => Local.Value ?? (1.5.ToString(CultureInfo.CurrentCulture).Contains(
                    '#',
                    StringComparison.Ordinal) ? "culture" : "clean")));

        async Task<string?> Run(Func<string?> work) =>
            await manager.ExecuteWorkAsync(WorkPriority.Normal, work).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);

        static string? Leave()
        {
            string? seen = Local.Value;
            Local.Value = "left";
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "#" } };
            return seen;
        }
    }

    [Fact]
    public async Task The_threads_of_a_pool_keep_nothing_of_whoever_started_them()
    {
        using var manager = new EventManager();
        WeakReference first = await FirstUse(manager);
        Local.Value = null;

        // On another stack: this may be called on the stack of the first use, which has not restored its context yet.
        await Task.Yield();
        Assert.Null(
            await manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => Local.Value).WaitAsync(
                Patience.Limit,
                TestContext.Current.CancellationToken));
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !first.IsAlive;
            },
            Patience.Limit));
    }

    [Fact]
    public void A_callback_on_a_worker_and_the_result_on_the_loop_have_their_contexts()
    {
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        List<string?> seen = [];
        Local.Value = "the event's";
        manager.CreateSocketEvent(
            _fd,
            EventSet.In | EventSet.OneShot,
            (_, _) => seen.Add(Local.Value),
            new() { Target = CallbackTarget.Worker() });
        Local.Value = "the sender's";
        manager.ExecuteWork(WorkPriority.Normal, () => Local.Value, (_, result) => seen.AddRange([result, Local.Value]));
        Local.Value = null;
        manager.RunOnce();
        while (workers.Count > 0)
        {
            workers.RunNext();
        }

        manager.RunUntil(() => seen.Count == 3);
        Assert.Equal(["the event's", "the sender's", "the sender's"], seen);
        Assert.Null(Local.Value);
    }

    // In an asynchronous flow of its own, which discards the values that it sets.
    private static void Outside(Action action)
    {
        string? own = Local.Value;
        Local.Value = null;
        action();
        Local.Value = own;
    }

    private static async Task<WeakReference> FirstUse(EventManager manager)
    {
        var baggage = new AsyncLocal<byte[]> { Value = new byte[1 << 20] };
        Local.Value = "the first";
        var reference = new WeakReference(baggage.Value);
        await manager.ExecuteWorkAsync(WorkPriority.Normal, () => 0).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        return reference;
    }

    private void Prepare(EventManager manager, string kind, Action action)
    {
        switch (kind)
        {
            case "fire" or "throwing":
                manager.RemoteEndpoint.Fire(_ => action());
                break;
            case "fire-state":
                manager.RemoteEndpoint.Fire(static (_, action) => action(), action);
                break;
            case "defer":
                manager.Defer(_ => action());
                break;
            case "call":
                _ = manager.RemoteEndpoint.CallAsync(_ => action());
                break;
            case "timer":
                manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => action());
                break;
            case "provided":
                _ = manager.TimeProvider.CreateTimer(static action => ((Action)action!)(), action, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                break;
            case "delay":
                manager.Defer(_ => DelayThenRun());
                break;
            case "user":
                manager.CreateUserEvent(UserEventMerge.Add, (_, _) => action()).Trigger();
                break;
            case "socket":
                manager.CreateSocketEvent(_fd, EventSet.In | EventSet.OneShot, (_, _) => action());
                break;
            case "subscriber":
                manager.AddSubscriber(
                    new TestSubscriber(ops => ops.Add(new Events(_fd, EventSet.In | EventSet.OneShot)), (_, _) => action()));
                break;
            case "hook":
                HookRegistration? hook = null;
                hook = manager.AddPrepareHook(_ =>
                {
                    // A hook alone does not keep the loop from sleeping.
                    hook!.Dispose();
                    manager.RemoteEndpoint.Kick();
                    action();
                });
                break;
        }

        async Task DelayThenRun()
        {
            await manager.Delay(TimeSpan.Zero);
            action();
        }
    }
}
