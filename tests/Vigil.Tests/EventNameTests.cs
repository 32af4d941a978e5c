namespace Vigil.Tests;

/// <summary>Names of events are in everything that reports them.</summary>
public sealed class EventNameTests
{
    [Fact]
    public void Every_event_has_none_until_it_is_given_one_and_may_lose_it_again()
    {
        using EventManager manager = Create();
        using var fd = new EventFd();
        CallbackEvent[] events =
        [
            manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { }),
            manager.CreateSocketEvent(fd, EventSet.In, (_, _) => { }),
            manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }),
            manager.CreateFileEvent(Path.GetTempPath(), (_, _) => { }),
            manager.CreateChildEvent(Environment.ProcessId, (_, _) => { }),
            manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => { }),
        ];
        foreach (CallbackEvent callbackEvent in events)
        {
            string unnamed = callbackEvent.ToString()!;
            Assert.Null(callbackEvent.Name);
            callbackEvent.Name = "the one";
            Assert.Equal("the one", callbackEvent.Name);
            Assert.Contains(" \"the one\" (", callbackEvent.ToString(), StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => callbackEvent.Name = " ");
            callbackEvent.Name = "another";
            Assert.Contains(" \"another\" (", callbackEvent.ToString(), StringComparison.Ordinal);
            callbackEvent.Name = null;
            Assert.Equal(unnamed, callbackEvent.ToString());
        }
    }

    [Fact]
    public void One_that_is_no_name_is_refused_before_anything_is_taken_hold_of()
    {
        using EventManager manager = Create();
        using var fd = new EventFd();
        using FdHandle self = Posix.OpenProcess(Environment.ProcessId);
        Action[] creations =
        [
            () => manager.CreateTimerEvent(Timeout.InfiniteTimeSpan, (_, _) => { }, new TimerEventOptions { Name = " " }),
            () => manager.CreateSocketEvent(fd, EventSet.In, (_, _) => { }, new SocketEventOptions { Name = " " }),
            () => manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }, new UserEventOptions { Name = " " }),
            () => manager.CreateFileEvent(Path.GetTempPath(), (_, _) => { }, new FileEventOptions { Name = " " }),
            () => manager.CreateChildEvent(Environment.ProcessId, (_, _) => { }, new ChildEventOptions { Name = " " }),
            () => manager.CreateChildEvent(self, (_, _) => { }, new ChildEventOptions { Name = " " }),
            () => manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => { }, new SignalEventOptions { Name = " " }),
        ];
        Refuse();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 20; i++)
        {
            Refuse();
        }

        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 2);
        Assert.Empty(manager.GetSources());
        Assert.Empty(manager.GetTimers());

        void Refuse()
        {
            foreach (Action create in creations)
            {
                Assert.Equal("options.Name", Assert.Throws<ArgumentException>(create).ParamName);
            }
        }
    }

    [Fact]
    public void Faults_slow_callbacks_sources_timers_and_refusals_say_it()
    {
        using EventManager manager = Create();
        List<string> told = [];
        var slow = new List<SlowCallbackReport>();
        manager.FaultReported += (_, report) => told.Add($"{report}");
        manager.SlowCallbackReported += (_, report) =>
        {
            lock (slow)
            {
                slow.Add(report);
            }
        };
        using var fd = new EventFd(1);
        SocketEvent socket = manager.CreateSocketEvent(fd, EventSet.In, (source, _) =>
        {
            Thread.SpinWait(10_000);
            source.Cancel();
            throw new InvalidOperationException("bad");
        });
        socket.Name = "line 7";
        TimerEvent timer = manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { });
        timer.Name = "flush";
        Assert.Equal("line 7", Assert.Single(manager.GetSources()).Event!.Name);
        Assert.Equal("flush", Assert.Single(manager.GetTimers()).Name);
        manager.RunOnce();
        Assert.Contains("(a socket event \"line 7\" (", Assert.Single(told), StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                lock (slow)
                {
                    return slow.Exists(
                        report => ReferenceEquals(report.Event, socket) && report.ToString().Contains(
                            "a socket event \"line 7\"",
                            StringComparison.Ordinal));
                }
            },
            Patience.Limit));
        timer.Cancel();
        Assert.Contains(
            "\"flush\"",
            Assert.Throws<EventManagerException>(() => timer.Change(TimeSpan.Zero)).Message,
            StringComparison.Ordinal);
    }

    private static EventManager Create() => new(new EventManagerOptions
    {
        Name = "manager",
        FaultPolicy = FaultPolicy.Report,
        Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromMicroseconds(1), ExactTiming = true },
    });
}
