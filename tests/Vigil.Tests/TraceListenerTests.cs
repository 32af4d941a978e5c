using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

namespace Vigil.Tests;

/// <summary>A listener is foreign code that runs between a callback's turn and its call: what it ends is not called any more.</summary>
public sealed class TraceListenerTests : IDisposable
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly string _name = $"listened-{Guid.NewGuid():N}";
    private readonly EventManager _manager;
    private readonly List<FaultReport> _faults = [];
    private int _calls;

    public TraceListenerTests()
    {
        _manager = new EventManager(new EventManagerOptions { Name = _name });
        _manager.FaultReported += (_, report) => _faults.Add(report);
    }

    public void Dispose() => _manager.Dispose();

    [Fact]
    public void A_timer_that_a_listener_cancels_is_not_called_and_costs_others_nothing()
    {
        TimerEvent timer = _manager.CreateTimerEvent(Millisecond, Millisecond, (_, _) => _calls++);
        Check(timer.Cancel);
        Assert.Equal(TimerState.Cancelled, timer.State);
    }

    [Fact]
    public void A_timer_that_a_listener_suspends_is_called_when_it_is_resumed()
    {
        TimerEvent timer = _manager.CreateTimerEvent(Millisecond, (_, _) => _calls++);
        Check(timer.Suspend);
        timer.Resume();
        _manager.RunUntil(() => _calls == 1);
    }

    [Fact]
    public void A_timer_that_a_listener_restarts_is_called_at_its_new_time_only()
    {
        TimerEvent timer = _manager.CreateTimerEvent(Millisecond, (_, _) => _calls++);
        Check(() => timer.Change(TimeSpan.FromHours(1)));
        Assert.Equal(TimerState.Started, timer.State);
    }

    [Fact]
    public void A_delay_that_a_listener_cancels_is_cancelled_and_costs_others_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        Task delay = _manager.Delay(Millisecond, cancellation.Token);
        Check(cancellation.Cancel);
        Assert.True(delay.IsCanceled);
    }

    [Fact]
    public void A_timer_of_the_time_provider_that_a_listener_disposes_is_not_called_and_costs_others_nothing()
    {
        ITimer timer = _manager.TimeProvider.CreateTimer(_ => _calls++, null, Millisecond, Millisecond);
        Check(timer.Dispose);
    }

    [Fact]
    public void A_descriptors_event_that_a_listener_cancels_is_not_called()
    {
        using var fd = new EventFd(1);
        SocketEvent ready = _manager.CreateSocketEvent(fd, EventSet.In, (_, _) => _calls++);
        Check(ready.Cancel);
    }

    [Fact]
    public void A_one_shot_that_a_listener_cancels_is_not_called()
    {
        using var fd = new EventFd(1);
        SocketEvent ready = _manager.CreateSocketEvent(fd, EventSet.In | EventSet.OneShot, (_, _) => _calls++);
        Check(ready.Cancel);
    }

    [Fact]
    public void A_descriptors_event_that_a_listener_disarms_is_called_when_it_is_armed_again()
    {
        using var fd = new EventFd(1);
        SocketEvent ready = _manager.CreateSocketEvent(fd, EventSet.In, (_, _) => _calls++);
        Check(ready.Disarm);
        ready.Arm();
        _manager.RunUntil(() => _calls > 0);
    }

    [Fact]
    public void A_subscriber_that_a_listener_removes_is_not_given_an_injected_event()
    {
        using var fd = new EventFd();
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In | EventSet.OneShot), (_, _) => _calls++));
        _manager.Inject(id, new Events(fd, EventSet.In));
        Check(() => _manager.RemoveSubscriber(id));
    }

    [Fact]
    public void A_subscriber_that_a_listener_removes_is_not_called()
    {
        using var fd = new EventFd(1);
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(fd, EventSet.In), (_, _) => _calls++));
        Check(() => _manager.RemoveSubscriber(id));
    }

    [Fact]
    public void A_hook_that_a_listener_ends_is_not_called()
    {
        HookRegistration? hook = null;
        hook = _manager.AddPrepareHook(_ => _calls++);
        Check(() => hook.Dispose());
    }

    [Fact]
    public void A_file_event_that_a_listener_cancels_is_not_called()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            FileEvent changes = _manager.CreateFileEvent(directory.FullName, (_, _) => _calls++);
            File.WriteAllText(Path.Combine(directory.FullName, "file"), "text");
            Check(changes.Cancel);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_user_event_that_a_listener_cancels_is_not_called()
    {
        UserEvent raised = _manager.CreateUserEvent(UserEventMerge.Add, (_, _) => _calls++);
        raised.Trigger(1);
        Check(raised.Cancel);
    }

    [Fact]
    public void A_timer_that_a_listener_of_the_meter_suspends_is_called_when_it_is_resumed()
    {
        TimerEvent timer = _manager.CreateTimerEvent(Millisecond, (_, _) => _calls++);
        bool isSuspended = false;
        using (var listener = new MeterListener())
        {
            listener.InstrumentPublished = (instrument, listener) =>
            {
                if (string.Equals(instrument.Name, "vigil.timer.lateness", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
            {
                if (!isSuspended && tags[0].Value is string name && string.Equals(name, _name, StringComparison.Ordinal))
                {
                    isSuspended = true;
                    timer.Suspend();
                }
            });
            listener.Start();
            _manager.RunUntil(() => isSuspended);
        }

        AssertOthersFire();
        Assert.Equal(0, _calls);
        timer.Resume();
        _manager.RunUntil(() => _calls == 1);
    }

    // The listener ends what is about to be called. Then timers of others, which get the place of the ended one, must all fire.
    private void Check(Action end)
    {
        bool hasEnded = false;
        using (new Listener(_name, () =>
        {
            if (!hasEnded)
            {
                hasEnded = true;
                end();
            }
        }))
        {
            Assert.True(
                SpinWait.SpinUntil(
                    () =>
                    {
                        _manager.RunOnce(Millisecond);
                        return hasEnded;
                    },
                    Patience.Limit));
            _manager.RunOnce(TimeSpan.Zero);
        }

        AssertOthersFire();
        Assert.Equal(0, _calls);
        Assert.Empty(_faults);
    }

    private void AssertOthersFire()
    {
        int[] fired = new int[5];
        for (int i = 0; i < fired.Length; i++)
        {
            int number = i;
            _manager.CreateTimerEvent(Millisecond * i, (_, _) => fired[number]++);
        }

        bool isLate = false;
        using TimerEvent late = _manager.CreateTimerEvent(Patience.Limit, (_, _) => isLate = true);
        _manager.RunUntil(() => isLate || fired.All(count => count > 0));
        Assert.Equal([1, 1, 1, 1, 1], fired);
    }

    private sealed class Listener : EventListener
    {
        private readonly string _name;
        private readonly Action _onStart;

        public Listener(string name, Action onStart)
        {
            _name = name;
            _onStart = onStart;
            foreach (EventSource source in EventSource.GetSources())
            {
                EnableIfOurs(source);
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource) => EnableIfOurs(eventSource);

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (string.Equals(eventData.EventName, "CallbackStart", StringComparison.Ordinal)
                && eventData.Payload is [string manager, ..] && string.Equals(manager, _name, StringComparison.Ordinal))
            {
                _onStart();
            }
        }

        private void EnableIfOurs(EventSource source)
        {
            if (string.Equals(source.Name, "Vigil", StringComparison.Ordinal))
            {
                EnableEvents(source, EventLevel.Verbose, EventKeywords.All);
            }
        }
    }
}
