using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Vigil.Tests;

/// <summary>Slow callbacks of every kind are named.</summary>
public sealed class WatchdogKindTests : IDisposable
{
    private readonly EventManager _manager = new(SlowReports.Options());
    private readonly SlowReports _reports;
    private LoopPhase? _phase;
    private string _method = "";
    private bool _isOver;

    public WatchdogKindTests() => _reports = new SlowReports(_manager);

    public void Dispose() => _manager.Dispose();

    [Fact]
    public void A_posted_closure() => AssertNamed(LoopPhase.Mailbox, () => _manager.RemoteEndpoint.Fire(_ => BeSlow()));

    [Fact]
    public void A_posted_closure_with_a_state() =>
        AssertNamed(LoopPhase.Mailbox, () => _manager.RemoteEndpoint.Fire(static (_, self) => self.BeSlow(), this));

    [Fact]
    public void An_asynchronous_call() => AssertNamed(LoopPhase.Mailbox, () => _ = _manager.RemoteEndpoint.CallAsync(_ => BeSlow()));

    [Fact]
    public void An_asynchronous_call_of_a_task() => AssertNamed(LoopPhase.Mailbox, () => _ = _manager.RemoteEndpoint.CallAsync(_ =>
    {
        BeSlow();
        return Task.CompletedTask;
    }));

    [Fact]
    public async Task A_blocking_call()
    {
        var caller = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AssertNamed(LoopPhase.Mailbox, () => new Thread(() =>
        {
            _manager.RemoteEndpoint.CallBlocking(_ => BeSlow());
            caller.SetResult();
        }).Start());
        await caller.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_deferred_callback() => AssertNamed(LoopPhase.Deferred, () => _manager.Defer(_ => BeSlow()));

    [Fact]
    public void A_prepare_hook() => AssertNamed(LoopPhase.Prepare, () => _manager.AddPrepareHook(_ => BeSlow()), wakes: true);

    [Fact]
    public void A_check_hook() => AssertNamed(LoopPhase.Check, () => _manager.AddCheckHook(_ => BeSlow()), wakes: true);

    [Fact]
    public void An_idle_hook() => AssertNamed(LoopPhase.Idle, () => _manager.AddIdleHook(_ => BeSlow()), wakes: true);

    [Fact]
    public void An_exit_callback()
    {
        Expect(LoopPhase.Exit, nameof(An_exit_callback));
        _manager.AddExitCallback(_ => BeSlow());
        _manager.Stop();
        _manager.Run();
        Await(SlowCallbackKind.Ended);
    }

    [Fact]
    public void A_method_that_goes_on_after_await()
    {
        AssertNamed(LoopPhase.Mailbox, () => _manager.Defer(_ => GoesOn()));

        async void GoesOn()
        {
            await Task.Yield();
            BeSlow();
        }
    }

    [Fact]
    public void What_awaits_a_delay()
    {
        Expect(LoopPhase.Timers, "Delay");
        _manager.Defer(async running =>
        {
            await running.Delay(TimeSpan.FromMilliseconds(1));
            BeSlow();
        });
        _manager.RunUntil(() => _isOver);
        Await(SlowCallbackKind.Ended);
    }

    [Fact]
    public void A_timer_of_the_time_provider()
    {
        ITimer? timer = null;
        AssertNamed(
            LoopPhase.Timers,
            () => timer = _manager.TimeProvider.CreateTimer(
                _ => BeSlow(),
                state: null,
                TimeSpan.FromMilliseconds(1),
                Timeout.InfiniteTimeSpan));
        timer!.Dispose();
    }

    [Fact]
    public void A_timer() => AssertEventNamed(LoopPhase.Timers, () => _manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => BeSlow()));

    [Fact]
    public void A_user_event()
    {
        UserEvent userEvent = _manager.CreateUserEvent(UserEventMerge.Add, (_, _) => BeSlow());
        userEvent.Trigger();
        AssertEventNamed(LoopPhase.Mailbox, () => userEvent);
    }

    [Fact]
    public void An_asynchronous_user_event_that_begins_when_the_last_one_has_ended()
    {
        bool isFirst = true;
        UserEvent userEvent = _manager.CreateUserEvent(UserEventMerge.Add, async (source, _) =>
        {
            if (isFirst)
            {
                isFirst = false;
                source.Trigger();
                await Task.Yield();
            }
            else
            {
                BeSlow();
            }
        });
        userEvent.Trigger();
        AssertEventNamed(LoopPhase.Mailbox, () => userEvent);
    }

    // In phase 5 or 6, depending on how soon the runtime has reaped it.
    [Fact]
    public void The_end_of_a_child() =>
        AssertEventNamed(phase: null, () => _manager.CreateChildEvent(Process.Start("true"), (_, _) => BeSlow()));

    [Fact]
    public void A_file_that_changed()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-slow-");
        try
        {
            AssertEventNamed(LoopPhase.Sources, () =>
            {
                FileEvent fileEvent = _manager.CreateFileEvent(directory.FullName, (_, _) => BeSlow());
                File.WriteAllText(Path.Combine(directory.FullName, "new"), "");
                return fileEvent;
            });
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void An_injected_event()
    {
        Expect(phase: null, "TestSubscriber.Process");
        using var fd = new EventFd();
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In), (_, _) => BeSlow()));
        _manager.Inject(id, new Events(fd, EventSet.In));
        _manager.RunOnce();
        Assert.Equal(id, Await(SlowCallbackKind.Ended).SubscriberId);
    }

    // Each test's closures have its name.
    private void AssertNamed(LoopPhase phase, Action start, bool wakes = false, [CallerMemberName] string name = "")
    {
        AssertEventNamed(phase, () =>
        {
            start();
            return null;
        }, wakes, name);
    }

    private void AssertEventNamed(LoopPhase? phase, Func<CallbackEvent?> start, bool wakes = false, [CallerMemberName] string name = "")
    {
        Expect(phase, name);
        CallbackEvent? callbackEvent = start();
        if (wakes)
        {
            _manager.RemoteEndpoint.Kick();
        }

        _manager.RunUntil(() => _isOver);
        Assert.All([Await(SlowCallbackKind.Running), Await(SlowCallbackKind.Ended)], report =>
        {
            Assert.StartsWith("WatchdogKindTests.", report.Method, StringComparison.Ordinal);
            Assert.True(callbackEvent is null || report.Event == callbackEvent, report.ToString());
        });
    }

    // If the thread gets no processor, earlier steps may be reported, too: the change that starts a timer is reported with that timer's
    // name.
    private void Expect(LoopPhase? phase, string method) => (_phase, _method) = (phase, method);

    private SlowCallbackReport Await(SlowCallbackKind kind) => _reports.Await(kind, _method, _phase);

    private void BeSlow()
    {
        if (!_isOver)
        {
            Await(SlowCallbackKind.Running);
            _isOver = true;
        }
    }
}
