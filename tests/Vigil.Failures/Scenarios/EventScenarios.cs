using Vigil.IO;
using Vigil.Polling;

namespace Vigil.Failures;

/// <summary>Timers, descriptors, and what comes from other threads.</summary>
internal static class EventScenarios
{
    public static void Timers(Drive drive)
    {
        EventManager manager = drive.Create();
        TimeSpan soon = TimeSpan.FromMilliseconds(1);
        drive.Ask("a monotonic timer", told => manager.CreateTimerEvent(soon, (_, _) => told()));
        drive.Ask("a wall-clock timer", told => manager.CreateTimerEvent(DateTimeOffset.UtcNow + soon, TimeSpan.Zero, (_, _) => told()));
        var bootTime = new TimerEventOptions { Clock = TimerClock.BootTime };
        drive.Ask("a boot-time timer", told => manager.CreateTimerEvent(soon, Timeout.InfiniteTimeSpan, (_, _) => told(), bootTime));
        TimerEvent? periodic = null;
        int ticks = 0;
        drive.Ask("a periodic timer", told => periodic = manager.CreateTimerEvent(soon, soon, (timer, _) =>
        {
            if (++ticks == 2)
            {
                timer.Cancel();
                told();
            }
        }));
        drive.Do("Suspend", periodic!.Suspend);
        drive.Do("Resume", periodic.Resume);
        TimerEvent? later = null;
        drive.Ask("a changed timer", told => later = manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => told()));
        drive.Do("Change", () => later!.Change(soon));
        TimerEvent? date = null;
        drive.Ask(
            "a changed date",
            told => date = manager.CreateTimerEvent(DateTimeOffset.UtcNow.AddDays(1), TimeSpan.Zero, (_, _) => told()));
        drive.Do("ChangeTo", () => date!.ChangeTo(DateTimeOffset.UtcNow));
        drive.Ask("a delay", told => _ = manager.Delay(soon).ContinueWith(
            _ => told(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
        drive.Ask("another library's timer", told => manager.TimeProvider.CreateTimer(
            _ => told(), null, soon, Timeout.InfiniteTimeSpan));
        drive.End(manager);
    }

    // Kernels and sandboxes without epoll_pwait2.
    public static void TimersOfOldKernels(Drive drive)
    {
        EventManager manager = drive.Create(new EventManagerOptions { PollerFactory = () => new EpollPoller(useTimerFd: true) });
        drive.Ask("a timer", told => manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) => told()));
        MakeOrphan(drive, manager);
        drive.End(manager);
    }

    public static void Sockets(Drive drive)
    {
        EventManager manager = drive.Create();
        UnixPipe pipe = drive.Get("a pipe", () => new UnixPipe());
        UnixSocketPair pair = drive.Get("a socket pair", () => new UnixSocketPair());
        EventFd counter = drive.Get("an eventfd", () => new EventFd());
        drive.Ask("level-triggered", told => manager.CreateSocketEvent(pipe.Reader, EventSet.In, (source, _) =>
        {
            if (NonBlocking.TryRead(source.Fd, new byte[16]).IsSuccess)
            {
                source.Cancel();
                told();
            }
        }));
        SocketEvent? edge = null;
        drive.Ask("edge-triggered", told => edge = manager.CreateSocketEvent(
            pair.First, EventSet.In | EventSet.EdgeTriggered, (_, _) => told()));
        drive.Do("Disarm", edge!.Disarm);
        drive.Do("Arm", edge.Arm);
        drive.Do("AddInterest", () => edge.AddInterest(EventSet.ReadHangUp));
        drive.Do("RemoveInterest", () => edge.RemoveInterest(EventSet.ReadHangUp));
        var subscriber = new Listener(drive, counter, pair.Second);
        SubscriberId id = default;
        drive.Ask("a subscriber's event", _ => id = manager.AddSubscriber(subscriber));
        drive.Ask("an injected event", _ => manager.Inject(id, new Events(counter, EventSet.In)));
        drive.TurnOnce(manager);
        drive.Outside("writes", () =>
        {
            pipe.Writer.Write();
            pair.Second.Write();
            counter.TryAdd();
        });
        drive.Turn(manager);
        drive.Do("Cancel", edge.Cancel);
        drive.Do("RemoveSubscriber", () => manager.RemoveSubscriber(id));
        drive.Do("Dispose", () =>
        {
            pipe.Dispose();
            pair.Dispose();
            counter.Dispose();
        });
        drive.End(manager);
    }

    public static void Posts(Drive drive)
    {
        EventManager manager = drive.Create(new EventManagerOptions { SpinBeforeSleep = TimeSpan.FromMicroseconds(20) });
        UserEvent? user = null;
        UserEvent? replaced = null;
        drive.Ask("a user event", told => user = manager.CreateUserEvent(UserEventMerge.Add, (_, _) => told()));
        drive.Ask("another user event", told => replaced = manager.CreateUserEvent(UserEventMerge.Replace, (_, _) => told()));
        drive.Ask("an idle hook", told => manager.AddIdleHook(_ => told()));
        drive.Ask("a deferred callback", told => manager.Defer(_ => told()));
        drive.Ask("a fired call", _ => { });
        drive.Ask("a blocking call", _ => { });
        drive.Ask("a call of a task", _ => { });
        var sender = new Thread(() =>
        {
            drive.Do("Fire", () => manager.RemoteEndpoint.Fire(_ => drive.Tell("a fired call")));
            drive.Do("Trigger", () => user!.Trigger(1));
            drive.Do("Kick", manager.RemoteEndpoint.Kick);
            drive.Do("CallBlocking", () => manager.RemoteEndpoint.CallBlocking(_ => drive.Tell("a blocking call")));
            drive.Do("Trigger", () => replaced!.Trigger(2));
            drive.Do("CallAsync", () => manager.RemoteEndpoint.CallAsync(_ => drive.Tell("a call of a task")).Wait());
            drive.Do("Stop", manager.Stop);
        })
        {
            IsBackground = true,
        };
        drive.Begin("Run");
        sender.Start();
        bool hasEnded = false;
        while (!hasEnded)
        {
            try
            {
                manager.Run();
                hasEnded = true;
            }
            catch (EventManagerException exception)
            {
                drive.Refuse($"Run: {Drive.Describe(exception)}", exception);
            }
        }

        sender.Join();
        drive.End(manager);
    }

    public static void Orphans(Drive drive)
    {
        drive.Expected.UnionWith(
            [EventManagerError.OrphanedRegistration, EventManagerError.HandleClosed, EventManagerError.DescriptorReplaced]);
        EventManager manager = drive.Create();
        MakeOrphan(drive, manager);

        // A handle that is closed while it is registered, and a number that is closed and used again.
        UnixPipe closed = drive.Get("a pipe to close", () => new UnixPipe());
        drive.Do("a registration of a handle", () => manager.CreateSocketEvent(closed.Reader, EventSet.In, (_, _) => { }));
        drive.Do("Dispose of a registered pipe", closed.Dispose);
        UnixPipe first = drive.Get("a pipe to replace", () => new UnixPipe());
        UnixPipe second = drive.Get("a pipe in its place", () => new UnixPipe());
        int number = 0;
        drive.Outside("a duplicate", () => number = LibC.Duplicate(first.Reader.Number));
        drive.Do("a registration of a number", () => manager.CreateSocketEvent(number, EventSet.In, (_, _) => { }));
        drive.Outside("another duplicate in its place", () =>
        {
            LibC.Close(number);
            number = LibC.Duplicate(second.Reader.Number);
        });
        SocketEvent? replaced = null;
        drive.Ask("the new owner of a number", told => replaced = manager.CreateSocketEvent(
            number, EventSet.In | EventSet.OneShot, (_, _) => told()));
        drive.Outside("a write", second.Writer.Write);
        drive.Turn(manager);
        drive.Do("Cancel", replaced!.Cancel);
        drive.Outside("close", () => LibC.Close(number));
        drive.Do("Dispose", () =>
        {
            first.Dispose();
            second.Dispose();
        });
        drive.End(manager);
    }

    public static void Spinning(Drive drive)
    {
        drive.Expected.Add(EventManagerError.Spinning);
        EventManager manager = drive.Create(new EventManagerOptions { UnhandledHangUpLimit = 8 });
        UnixPipe pipe = drive.Get("a pipe", () => new UnixPipe());
        UnixSocketPair pair = drive.Get("a socket pair", () => new UnixSocketPair());
        drive.Do("Dispose", pipe.Writer.Dispose);
        drive.Outside("a write before the end", pair.Second.Write);
        drive.Do("Dispose", pair.Second.Dispose);
        drive.Ask(nameof(EventManagerError.Spinning), _ => manager.CreateSocketEvent(pipe.Reader, EventSet.In, (_, _) => { }));
        byte[] buffer = new byte[16];
        drive.Ask("a hang-up that is handled", told => manager.CreateSocketEvent(pair.First, EventSet.In, (source, _) =>
        {
            IOResult read = NonBlocking.TryRead(source.Fd, buffer);
            if (read.IsEndOfStream)
            {
                source.Cancel();
                told();
            }
        }));
        drive.Turn(manager);
        drive.Do("Cancel", () =>
        {
            foreach (SourceInfo source in manager.GetSources())
            {
                source.Event!.Cancel();
            }
        });
        drive.Do("Dispose", () =>
        {
            pipe.Dispose();
            pair.Dispose();
        });
        drive.End(manager);
    }

    // Everything is in progress when it is disposed, and nothing has been turned.
    public static void Disposal(Drive drive)
    {
        drive.Expected.Add(EventManagerError.Disposed);
        EventManager manager = drive.Create();
        UnixPipe pipe = drive.Get("a pipe", () => new UnixPipe());
        drive.Do("a socket event", () => manager.CreateSocketEvent(pipe.Reader, EventSet.In, (_, _) => { }));
        drive.Do("a timer", () => manager.CreateTimerEvent(DateTimeOffset.UtcNow.AddDays(1), TimeSpan.Zero, (_, _) => { }));
        drive.Do("files", () => manager.CreateFileEvent(drive.Directory, (_, _) => { }));
        drive.Do("a user event", () => manager.CreateUserEvent(UserEventMerge.Add, (_, _) => { }).Trigger());
        drive.Do("a call that waits", () => manager.RemoteEndpoint.Fire(_ => { }));
        drive.Do("Dispose", manager.Dispose);
        drive.Do("Dispose of the pipe", pipe.Dispose);
    }

    public static void Watchdog(Drive drive)
    {
        EventManager manager = drive.Create(new EventManagerOptions
        {
            Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromMilliseconds(20) },
        });
        var isReported = new ManualResetEventSlim();
        manager.SlowCallbackReported += (_, report) =>
        {
            drive.Tell(report.Kind.ToString());
            isReported.Set();
        };
        drive.Ask(nameof(SlowCallbackKind.Running), _ => { });
        drive.Ask(nameof(SlowCallbackKind.Ended), _ => manager.Defer(_ => isReported.Wait(TimeSpan.FromSeconds(5))));
        drive.End(manager);
        isReported.Dispose();
    }

    // A registration that a duplicate keeps alive, which a new epoll instance removes.
    private static void MakeOrphan(Drive drive, EventManager manager)
    {
        drive.Expected.Add(EventManagerError.OrphanedRegistration);
        UnixPipe pipe = drive.Get("a pipe to orphan", () => new UnixPipe());
        int number = 0;
        drive.Outside("a duplicate", () =>
        {
            pipe.Writer.Write();
            number = LibC.Duplicate(pipe.Reader.Number);
        });
        SocketEvent? orphaned = null;
        drive.Ask(nameof(EventManagerError.OrphanedRegistration), _ =>
            orphaned = manager.CreateSocketEvent(number, EventSet.In, (_, _) => { }));
        drive.Outside("close", () => LibC.Close(number));
        drive.Do("Cancel", orphaned!.Cancel);
        drive.Turn(manager);
        drive.Do("Dispose", pipe.Dispose);
    }

    private sealed class Listener(Drive drive, EventFd counter, FdHandle socket) : IEventSubscriber
    {
        private bool _isInjected;

        public void Initialize(EventOps ops)
        {
            ops.Add(new Events(counter, EventSet.In | EventSet.OneShot));
            ops.Add(new Events(socket, EventSet.Out | EventSet.OneShot));
            ops.Remove(socket);
        }

        public void Process(in Events events, EventOps ops)
        {
            drive.Tell(_isInjected ? "a subscriber's event" : "an injected event");
            _isInjected = true;
            drive.Do("TryTake", () => counter.TryTake(out _));
            try
            {
                ops.Arm(counter);
            }
            catch (EventManagerException exception)
            {
                drive.Refuse($"Arm: {Drive.Describe(exception)}", exception);
                ops.Arm(counter);
            }
        }
    }
}
