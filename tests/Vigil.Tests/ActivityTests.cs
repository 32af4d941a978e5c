using System.Diagnostics;

namespace Vigil.Tests;

/// <summary>The activities of callbacks: a trace goes on where a closure, work or an event's callback runs (docs/tracing.md).</summary>
public sealed class ActivityTests : IDisposable
{
    private static readonly AsyncLocal<string?> Local = new();

    private readonly EventFd _fd = new(1);

    public static TheoryData<string, string, string, string> Ways => new()
    {
        { "fire", "vigil.call", "vigil.call.kind", "fire" },
        { "fire-state", "vigil.call", "vigil.call.kind", "fire" },
        { "fire-task", "vigil.call", "vigil.call.kind", "fire" },
        { "fire-value-task", "vigil.call", "vigil.call.kind", "fire" },
        { "fire-state-task", "vigil.call", "vigil.call.kind", "fire" },
        { "call", "vigil.call", "vigil.call.kind", "call_async" },
        { "call-result", "vigil.call", "vigil.call.kind", "call_async" },
        { "call-task", "vigil.call", "vigil.call.kind", "call_async" },
        { "call-task-result", "vigil.call", "vigil.call.kind", "call_async" },
        { "work", "vigil.work", "vigil.work.priority", "high" },
        { "work-state", "vigil.work", "vigil.work.priority", "normal" },
        { "work-token", "vigil.work", "vigil.work.priority", "low" },
        { "work-async", "vigil.work", "vigil.work.priority", "normal" },
        { "work-result", "vigil.work", "vigil.work.priority", "normal" },
        { "work-task", "vigil.work", "vigil.work.priority", "normal" },
        { "work-task-result", "vigil.work", "vigil.work.priority", "normal" },
        { "timer", "vigil.callback", "vigil.event.kind", "timer" },
        { "timer-task", "vigil.callback", "vigil.event.kind", "timer" },
        { "timer-worker", "vigil.callback", "vigil.event.kind", "timer" },
        { "provided", "vigil.callback", "vigil.event.kind", "time_provider" },
        { "user", "vigil.callback", "vigil.event.kind", "user" },
        { "user-worker", "vigil.callback", "vigil.event.kind", "user" },
        { "socket-task", "vigil.callback", "vigil.event.kind", "socket" },
        { "socket-worker", "vigil.callback", "vigil.event.kind", "socket" },
        { "signal", "vigil.callback", "vigil.event.kind", "signal" },
        { "child", "vigil.callback", "vigil.event.kind", "child" },
        { "file", "vigil.callback", "vigil.event.kind", "file" },
    };

    public void Dispose() => _fd.Dispose();

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_is_sent_or_created_within_a_trace_goes_on_with_it(string way, string name, string tag, string value)
    {
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Name = "traced", Workers = workers });
        using var files = new WatchedDirectory();
        Activity? seen = null;
        ActivitySpanId parent;
        using (Activity sent = log.StartParent())
        {
            parent = sent.SpanId;
            Send(manager, way, () => seen ??= Activity.Current, files);
        }

        Assert.Null(Activity.Current);
        RunUntil(manager, workers, () => log.Stopped.Length > 0);
        Activity activity = log.Stopped[0];
        Assert.Equal((name, ActivityKind.Internal, parent), (activity.OperationName, activity.Kind, activity.ParentSpanId));
        Assert.Same(activity, seen);
        Assert.Equal("traced", activity.GetTagItem("vigil.manager.name"));
        Assert.Equal(value, activity.GetTagItem(tag));
        Assert.Matches(
            """^Vigil\.Tests\.ActivityTests\.(SendClosure|SendWork|Create) \(lambda\)$""",
            (string)activity.GetTagItem("code.function.name")!);
        Assert.Equal(ActivityStatusCode.Unset, activity.Status);
        Assert.Empty(activity.Events);
        Assert.Empty(activity.Links);
        Assert.Null(Activity.Current);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Without_a_trace_there_is_no_activity(string way, string name, string tag, string value)
    {
        Assert.NotEmpty(name + tag + value);
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using var files = new WatchedDirectory();
        Local.Value = "a context";
        int calls = 0;
        Activity? seen = null;
        Send(
            manager,
            way,
            () =>
            {
                seen ??= Activity.Current;
                calls++;
            },
            files);
        RunUntil(manager, workers, () => calls > 0);
        Assert.Null(seen);
        Assert.Empty(log.Started);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void While_nobody_listens_the_callback_is_in_its_senders_activity(string way, string name, string tag, string value)
    {
        Assert.NotEmpty(name + tag + value);
        using var log = new ActivityLog(listens: false);
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using var files = new WatchedDirectory();
        Activity? seen = null;
        using Activity sent = log.StartParent();
        Send(manager, way, () => seen ??= Activity.Current, files);
        RunUntil(manager, workers, () => seen is not null);
        Assert.Same(sent, seen);
        Assert.Empty(log.Started);
    }

    [Fact]
    public void Calls_that_block_have_an_activity_that_ends_before_the_caller_goes_on()
    {
        using var log = new ActivityLog();
        using var loop = new LoopThread();
        using Activity sent = log.StartParent();
        int ended = 0;
        loop.Endpoint.CallBlocking(_ => { });
        ended += log.Stopped.Length;
        Assert.Equal(7, loop.Endpoint.CallBlocking(_ => 7));
        ended += log.Stopped.Length;
        loop.Endpoint.CallBlocking(async running => await running.Delay(TimeSpan.FromMilliseconds(1)));
        ended += log.Stopped.Length;
        Assert.Equal(8, loop.Endpoint.CallBlocking(async running =>
        {
            await running.Delay(TimeSpan.FromMilliseconds(1));
            return 8;
        }));
        ended += log.Stopped.Length;
        Assert.Equal(1 + 2 + 3 + 4, ended);
        Assert.All(log.Stopped, activity => Assert.Equal(
            ("vigil.call", "call_blocking", sent.SpanId),
            (activity.OperationName, activity.GetTagItem("vigil.call.kind"), activity.ParentSpanId)));
        Assert.Same(sent, Activity.Current);
    }

    [Fact]
    public async Task The_activity_has_ended_when_its_sender_gets_the_outcome()
    {
        using var log = new ActivityLog();
        using var loop = new LoopThread();
        using Activity sent = log.StartParent();
        for (int i = 0; i < 50; i++)
        {
            await Ended(loop.Endpoint.CallAsync(_ => i));
            await Ended(loop.Endpoint.CallAsync(async _ =>
            {
                await Task.Yield();
                return i;
            }));
            await Ended(loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () => i));
            await Ended(loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
            {
                await Task.Yield();
                return i;
            }));
        }

        Assert.Equal(200, log.Started.Length);

        async Task Ended(Task<int> task)
        {
            await task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
            Assert.Equal(log.Started.Length, log.Stopped.Length);
        }
    }

    [Fact]
    public void The_result_of_work_comes_to_the_loop_in_the_trace_of_its_sender()
    {
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        Activity? seen = null;
        using (Activity sent = log.StartParent())
        {
            manager.ExecuteWork(WorkPriority.Normal, () => 5, (_, result) => seen = Activity.Current);
            workers.RunNext();
            manager.RunUntil(() => seen is not null);
            Assert.Equal(["vigil.work", "vigil.call"], log.Stopped.Select(activity => activity.OperationName));
            Assert.All(log.Stopped, activity => Assert.Equal(sent.SpanId, activity.ParentSpanId));
        }

        Assert.Same(seen, log.Stopped[1]);
        Assert.Equal("work_result", seen!.GetTagItem("vigil.call.kind"));
    }

    [Fact]
    public void What_is_sent_within_a_callback_has_its_activity_as_the_parent()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        using (log.StartParent())
        {
            manager.RemoteEndpoint.Fire(running => running.CreateTimerEvent(
                TimeSpan.Zero, (_, _) => running.RemoteEndpoint.Fire(_ => { })));
        }

        manager.RunUntil(() => log.Stopped.Length == 3);
        Activity[] chain = log.Stopped;
        Assert.Equal(["vigil.call", "vigil.callback", "vigil.call"], chain.Select(activity => activity.OperationName));
        Assert.Equal([chain[0].SpanId, chain[1].SpanId], chain.Skip(1).Select(activity => activity.ParentSpanId));
    }

    [Fact]
    public void Every_tick_of_a_timer_has_an_activity_of_its_own_also_if_somebody_listens_later_than_it_was_created()
    {
        using var early = new ActivityLog(listens: false);
        using var manager = new EventManager();
        int ticks = 0;
        Activity sent = early.StartParent();
        manager.CreateTimerEvent(
            TimeSpan.Zero, TimeSpan.FromTicks(1), (_, _) => ticks++, new() { Name = "ticker", MissedTicks = MissedTickPolicy.Skip });
        sent.Stop();
        manager.RunUntil(() => ticks >= 2);
        List<Activity> stopped = [];
        using (var listener = new ActivityListener
        {
            ShouldListenTo = source => string.Equals(source.Name, "Vigil", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == sent.TraceId
                ? ActivitySamplingResult.AllData
                : ActivitySamplingResult.None,
            ActivityStopped = stopped.Add,
        })
        {
            ActivitySource.AddActivityListener(listener);
            int seen = ticks;
            manager.RunUntil(() => ticks >= seen + 3);
        }

        int listened = stopped.Count;
        Assert.True(listened >= 3, $"{listened} activities");
        Assert.Equal(listened, stopped.Select(activity => activity.SpanId).Distinct().Count());
        Assert.All(stopped, activity => Assert.Equal(
            (sent.SpanId, "ticker"), (activity.ParentSpanId, activity.GetTagItem("vigil.event.name"))));
        int before = ticks;
        manager.RunUntil(() => ticks >= before + 2);
        Assert.Equal(listened, stopped.Count);
    }

    [Fact]
    public void The_callbacks_of_descriptors_on_the_loop_have_none_but_their_context()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        using var other = new EventFd(1);
        List<Activity?> seen = [];
        using Activity sent = log.StartParent();
        manager.CreateSocketEvent(_fd, EventSet.In | EventSet.OneShot, (_, _) => seen.Add(Activity.Current));
        manager.AddSubscriber(new TestSubscriber(
            ops => ops.Add(new Events(other, EventSet.In | EventSet.OneShot)), (_, _) => seen.Add(Activity.Current)));
        manager.RunUntil(() => seen.Count == 2);
        Assert.Equal([sent, sent], seen);
        Assert.Empty(log.Started);
    }

    [Fact]
    public void A_merged_user_event_goes_on_with_its_first_senders_trace_and_is_linked_to_the_others()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        long merged = 0;
        UserEvent user = manager.CreateUserEvent(UserEventMerge.Add, (_, value) => merged += value);
        List<ActivityContext> senders = [];
        foreach (string name in new[] { "first", "second", "third" })
        {
            using Activity sender = log.StartParent(name);
            senders.Add(sender.Context);
            user.Trigger();
            user.Trigger();
        }

        user.Trigger();
        manager.RunOnce();
        Assert.Equal(7, merged);
        Assert.Equal(senders[0].SpanId, log.Only.ParentSpanId);
        Assert.Equal(senders.Skip(1), log.Only.Links.Select(link => link.Context));

        // Each is named once.
        user.Trigger();
        manager.RunOnce();
        Assert.Equal(8, merged);
        Assert.Single(log.Started);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_user_event_of_a_trace_is_linked_to_those_who_trigger_it(bool onWorker)
    {
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        ActivitySpanId creator;
        UserEvent user;
        int calls = 0;
        using (Activity created = log.StartParent("creator"))
        {
            creator = created.SpanId;
            user = manager.CreateUserEvent(
                UserEventMerge.Add, (_, _) => calls++, new() { Target = onWorker ? CallbackTarget.Worker() : CallbackTarget.Loop });
        }

        ActivityContext sender;
        using (Activity triggered = log.StartParent("sender"))
        {
            sender = triggered.Context;
            user.Trigger();
        }

        manager.RunOnce();
        if (onWorker)
        {
            workers.RunNext();
        }

        Assert.Equal(1, calls);
        Assert.Equal(creator, log.Only.ParentSpanId);
        Assert.Equal(sender, Assert.Single(log.Only.Links).Context);
    }

    [Fact]
    public void The_links_of_a_user_event_are_bounded()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        UserEvent user = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { });
        for (int i = 0; i < 500; i++)
        {
            using Activity sender = log.StartParent();
            user.Trigger();
        }

        manager.RunOnce();
        Assert.Equal(128, log.Only.Links.Count());
    }

    [Theory]
    [InlineData("fire")]
    [InlineData("fire-task")]
    [InlineData("fire-state-task")]
    [InlineData("timer")]
    [InlineData("timer-task")]
    [InlineData("timer-worker")]
    [InlineData("user")]
    [InlineData("provided")]
    [InlineData("work")]
    [InlineData("work-state")]
    public void An_exception_is_recorded_and_still_goes_to_the_fault_policy(string way)
    {
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report, Workers = workers });
        List<Exception> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report.Exception);
        using (log.StartParent())
        {
            Send(manager, way, () => throw new InvalidDataException("bad input"), files: null);
        }

        RunUntil(manager, workers, () => faults.Count > 0);
        Assert.IsType<InvalidDataException>(Assert.Single(faults));
        AssertFailed(log.Only, typeof(InvalidDataException), "bad input");
    }

    [Fact]
    public async Task An_exception_that_a_sender_gets_is_recorded_too()
    {
        using var log = new ActivityLog();
        using var loop = new LoopThread();
        using Activity sent = log.StartParent();
        Task[] failing =
        [
            loop.Endpoint.CallAsync(_ => Throw()),
            loop.Endpoint.CallAsync(async _ =>
            {
                await Task.Yield();
                Throw();
            }),
            loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () => Throw()),
            loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, () =>
            {
                Throw();
                return 0;
            }),
            loop.Manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
            {
                await Task.Yield();
                Throw();
            }),
        ];
        foreach (Task task in failing)
        {
            await Assert.ThrowsAsync<InvalidDataException>(
                () => task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        }

        Assert.Throws<InvalidDataException>(() => loop.Endpoint.CallBlocking(_ => Throw()));
        Assert.Equal(6, log.Stopped.Length);
        Assert.All(log.Stopped, activity => AssertFailed(activity, typeof(InvalidDataException), "bad input"));

        static void Throw() => throw new InvalidDataException("bad input");
    }

    [Fact]
    public void An_exception_whose_text_throws_is_recorded_by_its_type()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<Exception> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report.Exception);
        using (log.StartParent())
        {
            manager.RemoteEndpoint.Fire(_ => throw new UnsayableException());
        }

        manager.RunOnce();
        Assert.IsType<UnsayableException>(Assert.Single(faults));
        Assert.Equal(ActivityStatusCode.Error, log.Only.Status);
        Assert.Equal(typeof(UnsayableException).FullName, log.Only.GetTagItem("error.type"));
    }

    [Fact]
    public void An_asynchronous_closure_has_its_activity_until_its_task_ends()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        List<Activity?> parts = [];
        var gate = new TaskCompletionSource();
        using (log.StartParent())
        {
            manager.RemoteEndpoint.Fire(async _ =>
            {
                parts.Add(Activity.Current);
                await gate.Task;
                parts.Add(Activity.Current);
            });
        }

        manager.RunOnce();
        Assert.Single(log.Started);
        Assert.Empty(log.Stopped);
        Assert.Null(Activity.Current);
        gate.SetResult();
        manager.RunUntil(() => log.Stopped.Length == 1);
        Assert.Equal([log.Only, log.Only], parts);
    }

    [Fact]
    public void A_cancelled_closure_that_its_sender_hears_of_is_no_error()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        using var cancellation = new CancellationTokenSource();
        Task call;
        using (log.StartParent())
        {
            call = manager.RemoteEndpoint.CallAsync(async running => await running.Delay(Timeout.InfiniteTimeSpan, cancellation.Token));
        }

        manager.RunOnce();
        cancellation.Cancel();
        manager.RunUntil(() => call.IsCompleted);
        Assert.True(call.IsCanceled);
        Assert.Equal(ActivityStatusCode.Unset, log.Only.Status);
        Assert.Null(log.Only.GetTagItem("error.type"));
    }

    [Fact]
    public void What_was_cancelled_before_it_began_has_no_activity()
    {
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using var cancellation = new CancellationTokenSource();
        Task call;
        Task work;
        TimerEvent timer;
        using (log.StartParent())
        {
            call = manager.RemoteEndpoint.CallAsync(_ => { }, cancellation.Token);
            work = manager.ExecuteWorkAsync(WorkPriority.Normal, () => { }, cancellation.Token);
            timer = manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => { });
        }

        cancellation.Cancel();
        timer.Cancel();
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(WorkOutcome.Cancelled, workers.RunNext());
        Assert.True(call.IsCanceled && work.IsCanceled);
        Assert.Empty(log.Started);
    }

    [Fact]
    public void A_closure_whose_sender_has_given_it_up_goes_on_with_its_activity()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<Exception> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report.Exception);
        using var cancellation = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        Task call;
        using (log.StartParent())
        {
            call = manager.RemoteEndpoint.CallAsync(
                async _ =>
                {
                    await gate.Task;
                    throw new InvalidDataException("late");
                },
                cancellation.Token);
        }

        manager.RunOnce();
        cancellation.Cancel();
        Assert.True(call.IsCanceled);
        Assert.Empty(log.Stopped);
        gate.SetResult();
        manager.RunUntil(() => faults.Count > 0);
        AssertFailed(log.Only, typeof(InvalidDataException), "late");
    }

    [Fact]
    public void At_the_managers_end_what_has_not_begun_gets_no_activity_and_a_call_under_way_fails_with_its_activity()
    {
        using var log = new ActivityLog();
        var manager = new EventManager();
        manager.FaultReported += (_, _) => { };
        var gate = new TaskCompletionSource();
        Task begun;
        using (log.StartParent())
        {
            begun = manager.RemoteEndpoint.CallAsync(async _ => await gate.Task);
            manager.RunOnce();
            manager.RemoteEndpoint.Fire(_ => { });
            _ = manager.RemoteEndpoint.CallAsync(_ => { });
            manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => { });
            manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }).Trigger();
        }

        manager.Dispose();
        Assert.True(begun.IsFaulted);
        Assert.Equal((ActivityStatusCode.Error, typeof(ObjectDisposedException).FullName),
            (log.Only.Status, log.Only.GetTagItem("error.type")));
        gate.SetResult();
        Assert.Same(log.Stopped[0], log.Only);
    }

    [Fact]
    public void A_fired_closure_under_way_at_the_managers_end_keeps_its_activity_until_it_ends()
    {
        using var log = new ActivityLog();
        var manager = new EventManager();
        manager.FaultReported += (_, _) => { };
        var gate = new TaskCompletionSource();
        using (log.StartParent())
        {
            manager.RemoteEndpoint.Fire(async _ => await gate.Task);
        }

        manager.RunOnce();
        manager.Dispose();
        Assert.Empty(log.Stopped);
        gate.SetResult();
        Assert.True(SpinWait.SpinUntil(() => log.Stopped.Length == 1, Patience.Limit));
        Assert.Equal(ActivityStatusCode.Unset, log.Only.Status);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void One_that_is_sampled_out_leaves_the_callback_in_its_senders_activity(string way, string name, string tag, string value)
    {
        Assert.NotEmpty(name + tag + value);
        using var log = new ActivityLog(ActivitySamplingResult.None);
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        using var files = new WatchedDirectory();
        Activity? seen = null;
        using Activity sent = log.StartParent();
        Send(manager, way, () => seen ??= Activity.Current, files);
        RunUntil(manager, workers, () => seen is not null);
        Assert.Same(sent, seen);
        Assert.Empty(log.Started);
    }

    [Fact]
    public void One_that_is_only_propagated_has_neither_tags_nor_events()
    {
        using var log = new ActivityLog(ActivitySamplingResult.PropagationData);
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        manager.FaultReported += (_, _) => { };
        Activity? seen = null;
        using (log.StartParent())
        {
            manager.RemoteEndpoint.Fire(_ =>
            {
                seen = Activity.Current;
                throw new InvalidDataException("bad input");
            });
        }

        manager.RunOnce();
        Assert.Same(seen, log.Only);
        Assert.Empty(log.Only.TagObjects);
        Assert.Empty(log.Only.Events);
    }

    [Theory]
    [InlineData("sample")]
    [InlineData("start")]
    [InlineData("stop")]
    public void A_listener_that_throws_costs_nobody_a_callback(string where)
    {
        using var log = new ActivityLog();
        var workers = new ManualExecutor();
        using var manager = new EventManager(new EventManagerOptions { Workers = workers });
        int thrown = 0;
        log.Sampling = () => ThrowIf("sample");
        log.Starting = _ => ThrowIf("start");
        log.Stopping = _ => ThrowIf("stop");
        string[] ways = ["fire", "fire-task", "call-result", "call-task", "work", "work-task", "timer", "timer-worker", "provided", "user"];
        int calls = 0;
        using (log.StartParent())
        {
            foreach (string way in ways)
            {
                Send(manager, way, () => calls++, files: null);
            }
        }

        RunUntil(manager, workers, () => calls == ways.Length && thrown == ways.Length);
        Activity? left = null;
        manager.Defer(_ => left = Activity.Current);
        manager.RunOnce();
        Assert.Null(left);
        Assert.Null(Activity.Current);

        void ThrowIf(string here)
        {
            if (string.Equals(here, where, StringComparison.Ordinal))
            {
                thrown++;
                manager.RemoteEndpoint.Kick();
                throw new InvalidOperationException("the listener");
            }
        }
    }

    [Fact]
    public void What_a_listener_leaves_in_its_context_is_not_seen_by_the_callback()
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        List<(string?, Activity?)> seen = [];
        log.Starting = _ =>
        {
            Local.Value = "the listener's";
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        };
        bool isLoops = false;
        using (log.StartParent())
        {
            Local.Value = "the sender's";
            manager.RemoteEndpoint.Fire(_ =>
            {
                seen.Add((Local.Value, Activity.Current));
                isLoops = SynchronizationContext.Current!.GetType() != typeof(SynchronizationContext);
            });
        }

        manager.RunOnce();
        Assert.Equal(("the sender's", log.Only), Assert.Single(seen));
        Assert.True(isLoops);
    }

    [Theory]
    [InlineData("timer")]
    [InlineData("timer-task")]
    [InlineData("user")]
    public void A_listener_that_cancels_the_event_is_followed_by_no_callback(string way)
    {
        using var log = new ActivityLog();
        using var manager = new EventManager();
        bool isCalled = false;
        CallbackEvent created;
        using (log.StartParent())
        {
            created = Send(manager, way, () => isCalled = true, files: null)!;
        }

        log.Starting = _ => created.Cancel();
        manager.RunOnce(TimeSpan.Zero);
        Assert.False(isCalled);
        Assert.Equal(ActivityStatusCode.Unset, log.Only.Status);
    }

    private static void AssertFailed(Activity activity, Type type, string message)
    {
        Assert.Equal((ActivityStatusCode.Error, message), (activity.Status, activity.StatusDescription));
        Assert.Equal(type.FullName, activity.GetTagItem("error.type"));
        ActivityEvent recorded = Assert.Single(activity.Events);
        Assert.Equal("exception", recorded.Name);
        Dictionary<string, object?> tags = recorded.Tags.ToDictionary(StringComparer.Ordinal);
        Assert.Equal((type.FullName, message), (tags["exception.type"], tags["exception.message"]));
        Assert.Contains(nameof(ActivityTests), (string)tags["exception.stacktrace"]!, StringComparison.Ordinal);
    }

    // Everything happens on this thread: the loop's, and the workers'.
    private static void RunUntil(EventManager manager, ManualExecutor workers, Func<bool> condition) => manager.RunUntil(() =>
    {
        while (workers.Count > 0)
        {
            workers.RunNext();
        }

        return condition();
    });

    // Sends the action in one of the ways, or creates an event that calls it. Returns the event.
    private CallbackEvent? Send(EventManager manager, string way, Action action, WatchedDirectory? files) =>
        SendClosure(manager.RemoteEndpoint, way, action) || SendWork(manager, way, action) ? null : Create(manager, way, action, files);

    private static bool SendClosure(RemoteEndpoint endpoint, string way, Action action)
    {
        switch (way)
        {
            case "fire":
                endpoint.Fire(_ => action());
                return true;
            case "fire-state":
                endpoint.Fire((_, _) => action(), 1);
                return true;
            case "fire-task":
                endpoint.Fire(async _ =>
                {
                    await Task.Yield();
                    action();
                });
                return true;
            case "fire-value-task":
                endpoint.Fire(ValueTask (_) =>
                {
                    action();
                    return ValueTask.CompletedTask;
                });
                return true;
            case "fire-state-task":
                endpoint.Fire(
                    async (_, _) =>
                    {
                        await Task.Yield();
                        action();
                    },
                    "state");
                return true;
            case "call":
                _ = endpoint.CallAsync(_ => action());
                return true;
            case "call-result":
                _ = endpoint.CallAsync(_ => Done(action));
                return true;
            case "call-task":
                _ = endpoint.CallAsync(async _ =>
                {
                    await Task.Yield();
                    action();
                });
                return true;
            case "call-task-result":
                _ = endpoint.CallAsync(async _ =>
                {
                    await Task.Yield();
                    return Done(action);
                });
                return true;
            default:
                return false;
        }
    }

    private static bool SendWork(EventManager manager, string way, Action action)
    {
        switch (way)
        {
            case "work":
                manager.ExecuteWork(WorkPriority.High, () => action());
                return true;
            case "work-state":
                manager.ExecuteWork(WorkPriority.Normal, _ => action(), 1);
                return true;
            case "work-token":
                manager.ExecuteWork(WorkPriority.Low, () => action(), new CancellationTokenSource().Token);
                return true;
            case "work-async":
                _ = manager.ExecuteWorkAsync(WorkPriority.Normal, () => action());
                return true;
            case "work-result":
                _ = manager.ExecuteWorkAsync(WorkPriority.Normal, () => Done(action));
                return true;
            case "work-task":
                _ = manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
                {
                    await Task.Yield();
                    action();
                });
                return true;
            case "work-task-result":
                _ = manager.ExecuteWorkAsync(WorkPriority.Normal, async () =>
                {
                    await Task.Yield();
                    return Done(action);
                });
                return true;
            default:
                return false;
        }
    }

    private CallbackEvent? Create(EventManager manager, string way, Action action, WatchedDirectory? files)
    {
        switch (way)
        {
            case "timer":
                return manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => action());
            case "timer-task":
                return manager.CreateTimerEvent(TimeSpan.Zero, async (_, _) =>
                {
                    await Task.Yield();
                    action();
                });
            case "timer-worker":
                return manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => action(), new() { Target = CallbackTarget.Worker() });
            case "provided":
                _ = manager.TimeProvider.CreateTimer(_ => action(), state: null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                return null;
            case "user":
                return Triggered(manager.CreateUserEvent(UserEventMerge.Add, (_, _) => action()));
            case "user-worker":
                return Triggered(manager.CreateUserEvent(
                    UserEventMerge.Add, (_, _) => action(), new() { Target = CallbackTarget.Worker() }));
            case "socket-task":
                return manager.CreateSocketEvent(_fd, EventSet.In | EventSet.OneShot, async (_, _) =>
                {
                    await Task.Yield();
                    action();
                });
            case "socket-worker":
                return manager.CreateSocketEvent(
                    _fd, EventSet.In | EventSet.OneShot, (_, _) => action(), new() { Target = CallbackTarget.Worker() });
            case "signal":
                SignalEvent signal = manager.CreateSignalEvent(Signal.SIGURG, (_, _) => action());
                Run("kill", "-URG", $"{Environment.ProcessId}");
                return signal;
            case "child":
                return manager.CreateChildEvent(Process.Start("true"), (_, _) => action());
            case "file":
                FileEvent file = manager.CreateFileEvent(files!.Root, (_, _) => action());
                files.Write("file");
                return file;
            default:
                throw new ArgumentOutOfRangeException(nameof(way), way, "There is no such way.");
        }
    }

    private static int Done(Action action)
    {
        action();
        return 1;
    }

    // By the very activity that created it: it is the parent, and no link beside.
    private static UserEvent Triggered(UserEvent user)
    {
        user.Trigger();
        return user;
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        Assert.True(process.WaitForExit(Patience.Limit));
    }

    private sealed class UnsayableException : Exception
    {
        public override string Message => throw new InvalidOperationException("the message");
    }
}
