using System.Diagnostics;
using System.Runtime.InteropServices;
using Vigil.Internals.Tests.Collections;
using Vigil.Internals.Tests.Messaging;
using Vigil.Internals.Tests.Polling;
using Vigil.Internals.Tests.Sources;
using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Messaging;
using Vigil.Sources;

namespace Vigil.Internals.Tests;

/// <summary>Failures in the loop itself, not in a callback.</summary>
public sealed class LoopFailureTests
{
    [Fact]
    public void A_wait_that_failed_is_not_counted_as_time_that_never_was()
    {
        long start = Stopwatch.GetTimestamp();
        var poller = new InterceptedPoller();
        using var manager = new EventManager(new EventManagerOptions { CollectStatistics = true }, () => poller);
        poller.WaitRefusal = Errno.EBADF;
        EventManagerException refusal = Assert.Throws<EventManagerException>(() => manager.RunOnce());
        Assert.Equal(Errno.EBADF, refusal.Errno);
        poller.WaitRefusal = Errno.Success;
        manager.RunOnce(TimeSpan.Zero);
        manager.RunOnce(TimeSpan.Zero);
        Assert.InRange(manager.GetStatistics().BusyTime, TimeSpan.Zero, Stopwatch.GetElapsedTime(start));
    }

    [Theory]
    [InlineData(DispatchPriority.High)]
    [InlineData(DispatchPriority.Low)]
    public void What_a_source_of_the_managers_own_throws_is_reported_as_it_is_and_costs_nobody_an_event(DispatchPriority priority)
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        using var own = new EventFd(1);
        using var other = new EventFd(1);
        var fault = new FormatException("own");
        manager.Core.SourceTable.Add(new TestSource(own, EventSet.In, priority: priority) { Fault = fault }).ThrowIfFailed();
        int calls = 0;
        manager.CreateSocketEvent(other, EventSet.In | EventSet.EdgeTriggered, (_, _) => calls++);
        manager.RunOnce();
        Assert.Equal(1, calls);
        FaultReport report = Assert.Single(faults);
        Assert.Same(fault, report.Exception);
        Assert.Equal((FaultOrigin.Registration, null), (report.Origin, report.Event));
    }

    [Fact]
    public void A_loop_that_cannot_be_woken_tells_the_sender_which_fd_and_errno_and_the_next_sender_wakes_it()
    {
        List<FaultReport> reports = [];
        using var manager = new EventManager();
        manager.FaultReported += (_, report) => reports.Add(report);
        int wakerFd = manager.Core.Mailbox.WakerFd.Number;
        int ran = 0;
        var loop = new BackgroundThread<int>(() =>
        {
            manager.Run();
            return ran;
        });
        AwaitSleep(manager);
        int fired = 0;
        int accepted = 0;
        using (new ReplacedDescriptor(wakerFd))
        {
            AssertNamesWaker(() =>
            {
                fired++;
                manager.RemoteEndpoint.Fire(_ => ran++);
            });
            AssertNamesWaker(() =>
            {
                try
                {
                    manager.RemoteEndpoint.CallBlocking(_ => { }, TimeSpan.FromMilliseconds(1));
                }
                catch (TimeoutException)
                {
                }
            });
            AssertNamesWaker(() =>
            {
                _ = manager.RemoteEndpoint.CallAsync(_ => { ran++; });
                accepted++;
            });
            AssertNamesWaker(manager.RemoteEndpoint.Kick);
            Assert.Equal(0, ran);
        }

        // The next sender, or the manager itself, wakes it. Calls that were refused do not run.
        manager.RemoteEndpoint.CallBlocking(_ => { });
        manager.Stop();
        Assert.Equal(fired + accepted, loop.Result());
        FaultReport report = Assert.Single(reports);
        Assert.Equal((FaultOrigin.Registration, wakerFd), (report.Origin, Assert.IsType<EventManagerException>(report.Exception).Fd));
        Assert.False(report.IsThrown);

        // While the mailbox itself tries to wake the loop, senders rely on it and are not refused. Then the call is repeated.
        void AssertNamesWaker(Action call)
        {
            EventManagerException? refusal = null;
            Patience.Until(() => (refusal = (EventManagerException?)Record.Exception(call)) is not null, "a refusal");
            Assert.Equal((EventManagerError.System, Errno.EBADF, wakerFd), (refusal!.Error, refusal.Errno, refusal.Fd));
        }
    }

    [Fact]
    public void A_loop_that_could_not_be_woken_wakes_up_without_another_sender()
    {
        using var manager = new EventManager(new EventManagerOptions());
        manager.FaultReported += (_, _) => { };
        var loop = new BackgroundThread<bool>(() =>
        {
            manager.Run();
            return true;
        });
        AwaitSleep(manager);
        using (new ReplacedDescriptor(manager.Core.Mailbox.WakerFd.Number))
        {
            Assert.Throws<EventManagerException>(manager.Stop);
        }

        Assert.True(loop.Result());
    }

    [Fact]
    public void A_loop_that_could_not_be_woken_and_has_ended_meanwhile_is_not_reported_on_the_senders_thread()
    {
        List<FaultReport> reports = [];
        var manager = new EventManager();
        manager.FaultReported += (_, report) => reports.Add(report);
        manager.Dispose();

        // The sender may hold locks, as the process's signals do.
        manager.Core.PostNotWoken();
        Assert.Empty(reports);
    }

    [Fact]
    public void A_message_whose_sender_does_not_get_on_lets_the_loop_sleep_and_not_spin()
    {
        const int Iterations = 20;
        using var manager = new EventManager();
        StalledSender<Message<EventManager>> stalled = manager.Core.Mailbox.Stall(ActionKind<EventManager>.Create(loop => loop.Stop()));
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Iterations; i++)
        {
            Assert.Equal(0, manager.RunOnce());
        }

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, Iterations, double.MaxValue);
        stalled.Publish();
        Assert.Equal(1, manager.RunOnce());
    }

    [Theory]
    [InlineData("anon_inode:[eventpoll]")]
    [InlineData("anon_inode:[eventfd]")]
    [InlineData("anon_inode:[timerfd]")]
    [InlineData("anon_inode:inotify")]
    [InlineData("anon_inode:[pidfd]")]
    [InlineData("/proc/")]
    public void A_descriptor_of_the_managers_own_that_is_another_files_by_now_is_not_closed_again(string kind)
    {
        EventManager? manager = null;
        OpenDescriptor[] own = OpenDescriptors.OpenedBy(
            () =>
            {
                manager = new EventManager();
                manager.FaultReported += (_, _) => { };
                manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { });
                manager.CreateFileEvent(Path.GetTempPath(), (_, _) => { });
                manager.CreateChildEvent(Environment.ProcessId, (_, _) => { });
            },
            below: "/proc/");
        int number = own.First(descriptor => descriptor.Kind.StartsWith(kind, StringComparison.Ordinal)).Number;
        using (FileStream others = File.OpenRead("/dev/null"))
        {
            LibC.DuplicateTo((int)others.SafeFileHandle.DangerousGetHandle(), number);
        }

        manager!.Dispose();

        // It throws if the number is not open.
        LibC.Close(number);
    }

    // A thread that the kernel has put to sleep may sleep for another reason, before the loop waits. The mailbox's state is certain.
    private static void AwaitSleep(EventManager manager) => Patience.Until(manager.Core.Mailbox.IsAsleep, "a loop that sleeps");

    /// <summary>Another file under a descriptor's number, which cannot be written to, while this exists. The original file stays open and
    /// watched.</summary>
    private sealed class ReplacedDescriptor : IDisposable
    {
        private readonly int _number;
        private readonly int _original;

        public ReplacedDescriptor(int number)
        {
            _number = number;
            _original = LibC.DuplicateFrom(number, OpenDescriptors.Reserved);
            using FileStream readOnly = File.OpenRead("/dev/null");
            LibC.DuplicateTo((int)readOnly.SafeFileHandle.DangerousGetHandle(), number);
        }

        public void Dispose()
        {
            LibC.DuplicateTo(_original, _number);
            LibC.Close(_original);
        }
    }

    [Theory]
    [InlineData(Errno.ENOMEM, true)]
    [InlineData(Errno.EBADF, false)]
    public void File_events_that_cannot_be_read_are_reported_once_and_tried_again_where_that_can_help(int errno, bool recovers)
    {
        using var manager = new EventManager();
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            int told = 0;
            using FileEvent source = manager.CreateFileEvent(directory.FullName, (_, _) => told++);
            int fd = manager.Core.SourceTable.Sources.OfType<FileSource>().Single().Number;
            File.WriteAllText(Path.Combine(directory.FullName, "a"), "");
            bool couldRefuse = new BackgroundThread<bool>(() =>
            {
                if (!SystemCallFilter.TryRefuse(SystemCallFilter.Read, argument: 0, (uint)fd, errno, everywhere: false))
                {
                    return false;
                }

                manager.RunOnce(TimeSpan.Zero);

                // No more reports: these failures last for any time and any number of events.
                for (int i = 0; i < 3; i++)
                {
                    File.WriteAllText(Path.Combine(directory.FullName, $"b{i}"), "");
                    Assert.Equal(0, manager.RunOnce(TimeSpan.FromMilliseconds(20)));
                }

                return true;
            }).Result();
            Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
            EventManagerException reason = Assert.IsType<EventManagerException>(Assert.Single(faults).Exception);
            Assert.Equal((EventManagerError.System, errno, fd), (reason.Error, reason.Errno, reason.Fd));
            Assert.Equal(0, told);
            if (recovers)
            {
                Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(100)) >= 0 && told >= 4, "what the kernel kept is told");
            }

            Assert.Single(faults);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_inotify_instance_whose_number_somebody_closed_and_reused_ends_its_events_and_nothing_else(bool isLasting)
    {
        using var stranger = new EventFd(1);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        int number;
        try
        {
            List<FaultReport> faults = [];
            int calls = 0;
            using (var manager = new EventManager())
            {
                manager.FaultReported += (_, report) => faults.Add(report);
                CallbackTarget target = isLasting ? CallbackTarget.Worker(WorkPriority.Normal) : CallbackTarget.Loop;
                FileEvent source = manager.CreateFileEvent(
                    directory.FullName,
                    (_, _) => Assert.Fail("It is told of nothing."),
                    new FileEventOptions { Target = target });
                number = manager.Core.SourceTable.Sources.OfType<FileSource>().Single().Number;
                LibC.DuplicateTo(stranger.Number, number);
                manager.CreateSocketEvent(number, EventSet.In | EventSet.EdgeTriggered, (_, _) => calls++);

                Assert.Equal(
                    EventManagerError.DescriptorReplaced,
                    Assert.IsType<EventManagerException>(Assert.Single(faults).Exception).Error);
                Assert.True(source.IsCancelled);
                Assert.Equal(EventManagerError.NotRegistered, Assert.Throws<EventManagerException>(source.Rescan).Error);
                source.Dispose();
                bool isTold = false;
                manager.CreateFileEvent(directory.FullName, (_, _) => isTold = true);
                File.WriteAllText(Path.Combine(directory.FullName, "file"), "");
                Patience.Until(
                    () => manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0 && isTold && calls == 1,
                    "a new event is told, and the number's owner, too");
            }

            Assert.Single(faults);

            // The number still belongs to the other file.
            Assert.True(LibC.IsCloseOnExec(number));
            LibC.Close(number);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void An_inotify_instance_whose_number_somebody_reused_during_a_pause_is_neither_read_nor_closed(bool isDisposed, bool isRebuilt)
    {
        using var stranger = new EventFd(7);
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        int number;
        try
        {
            List<FaultReport> faults = [];
            bool isCancelled;
            using (var manager = new EventManager())
            {
                manager.FaultReported += (_, report) => faults.Add(report);
                FileEvent source = manager.CreateFileEvent(
                    directory.FullName,
                    (_, _) =>
                    {
                        entered.Set();
                        release.Wait(Patience.Limit);
                    },
                    new FileEventOptions { Target = CallbackTarget.Worker(WorkPriority.Normal) });
                number = manager.Core.SourceTable.Sources.OfType<FileSource>().Single().Number;
                File.WriteAllText(Path.Combine(directory.FullName, "file"), "");
                Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0 && entered.IsSet, "the callback begins");
                Assert.Equal(Errno.Success, isRebuilt ? manager.Core.SourceTable.Rebuild() : Errno.Success);
                LibC.DuplicateTo(stranger.Number, number);
                if (!isDisposed)
                {
                    release.Set();
                    Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0 && !source.IsBusy, "the callback has ended");
                    manager.RunOnce(TimeSpan.Zero);
                    manager.RunOnce(TimeSpan.Zero);
                }

                isCancelled = source.IsCancelled;
            }

            release.Set();
            Assert.True(stranger.TryTake(out ulong value), "Somebody else's file was read.");
            Assert.Equal(7u, value);
            if (!isDisposed)
            {
                Assert.True(isCancelled);
                Assert.Equal(
                    EventManagerError.DescriptorReplaced,
                    Assert.IsType<EventManagerException>(Assert.Single(faults).Exception).Error);
            }

            // It throws if the number is not open.
            LibC.Close(number);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_inotify_instance_whose_number_somebody_reused_is_not_read_for_a_turn_of_the_managers_own(bool isLasting)
    {
        using var stranger = new EventFd(7);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        int number;
        try
        {
            List<FaultReport> faults = [];
            using (var manager = new EventManager())
            {
                manager.FaultReported += (_, report) => faults.Add(report);
                FileEvent source = manager.CreateFileEvent(
                    directory.FullName,
                    (_, _) => Assert.Fail("It is told of nothing."),
                    new FileEventOptions { Target = isLasting ? CallbackTarget.Worker(WorkPriority.Normal) : CallbackTarget.Loop });
                manager.RunOnce(TimeSpan.Zero);
                number = manager.Core.SourceTable.Sources.OfType<FileSource>().Single().Number;
                LibC.DuplicateTo(stranger.Number, number);
                source.Rescan();
                manager.RunOnce(TimeSpan.Zero);
                manager.RunOnce(TimeSpan.Zero);
                Assert.True(source.IsCancelled);
            }

            Assert.Equal(
                EventManagerError.DescriptorReplaced,
                Assert.IsType<EventManagerException>(Assert.Single(faults).Exception).Error);
            Assert.True(stranger.TryTake(out ulong value), "Somebody else's file was read.");
            Assert.Equal(7u, value);

            // It throws if the number is not open.
            LibC.Close(number);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_list_of_mounts_that_cannot_be_read_and_whose_number_somebody_reuses_meanwhile_is_not_closed(bool isRegularFile)
    {
        using var eventFd = new EventFd();
        using FileStream file = File.OpenRead("/dev/null");
        SafeHandle stranger = isRegularFile ? file.SafeFileHandle : eventFd;
        using var manager = new EventManager();
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        using FileEvent source = manager.CreateFileEvent(Path.GetTempPath(), (_, _) => { });
        MountSource mounts = manager.Core.SourceTable.Sources.OfType<MountSource>().Single();
        int number = mounts.Number;
        bool couldRefuse = new BackgroundThread<bool>(() =>
        {
            if (!SystemCallFilter.TryRefuse(SystemCallFilter.PositionedRead, argument: 0, (uint)number, Errno.ENOMEM, everywhere: false))
            {
                return false;
            }

            manager.Core.SourceTable.Injected.Enqueue(new InjectedEvent(mounts, EventSet.Priority));
            Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(1)) >= 0 && faults.Count > 0, "the refusal");
            return true;
        }).Result();
        Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
        Assert.Equal(Errno.ENOMEM, Assert.IsType<EventManagerException>(Assert.Single(faults).Exception).Errno);
        LibC.DuplicateTo((int)stranger.DangerousGetHandle(), number);
        Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(100)) >= 0 && faults.Count > 1, "the list is tried again");
        Assert.Equal(EventManagerError.DescriptorReplaced, Assert.IsType<EventManagerException>(faults[1].Exception).Error);
        Assert.False(source.IsCancelled);
        manager.Dispose();

        // It throws if the number is not open.
        LibC.Close(number);
        Assert.Equal(2, faults.Count);
    }

    [Theory]
    [InlineData(TimerClock.Monotonic, false)]
    [InlineData(TimerClock.Monotonic, true)]
    [InlineData(TimerClock.BootTime, false)]
    [InlineData(TimerClock.BootTime, true)]
    [InlineData(TimerClock.WallClock, false)]
    [InlineData(TimerClock.WallClock, true)]
    public void A_clock_whose_descriptors_number_somebody_closed_and_reused_gets_another_and_its_timers_go_on(
        TimerClock clock, bool isRegistered)
    {
        using var stranger = new EventFd(7);
        int number;
        List<FaultReport> faults = [];
        using (var manager = new EventManager())
        {
            manager.FaultReported += (_, report) => faults.Add(report);
            int ticks = 0;
            manager.CreateTimerEvent(
                TimeSpan.FromMilliseconds(1),
                TimeSpan.FromMilliseconds(1),
                (_, _) => ticks++,
                new TimerEventOptions { Clock = clock });
            manager.RunOnce();
            number = SourceOfClock(manager).Number;
            LibC.DuplicateTo(stranger.Number, number);
            int others = 0;
            if (isRegistered)
            {
                manager.CreateSocketEvent(number, EventSet.In | EventSet.EdgeTriggered, (_, _) => others++);
            }

            int before = ticks;
            Patience.Until(() => manager.RunOnce() >= 0 && ticks >= before + 3, "the timer goes on");
            Patience.Until(
                () => manager.RunOnce() >= 0 && manager.Core.SourceTable.Sources.OfType<ClockSource>().Any(),
                "another descriptor is opened");
            Assert.NotEqual(number, SourceOfClock(manager).Number);
            before = ticks;
            Patience.Until(() => manager.RunOnce() >= 0 && ticks >= before + 3, "the timer goes on");
            Assert.Equal(isRegistered ? 1 : 0, others);
            EventManagerException fault = Assert.IsType<EventManagerException>(Assert.Single(faults).Exception);
            Assert.Equal((isRegistered ? EventManagerError.DescriptorReplaced : EventManagerError.System, number), (fault.Error, fault.Fd));
        }

        Assert.Single(faults);
        Assert.True(stranger.TryTake(out ulong value), "Somebody else's file was read.");
        Assert.Equal(7u, value);

        // It throws if the number is not open.
        LibC.Close(number);
    }

    [Theory]
    [InlineData(TimerClock.Monotonic)]
    [InlineData(TimerClock.BootTime)]
    [InlineData(TimerClock.WallClock)]
    public void A_clock_whose_descriptor_cannot_be_set_is_reported_once_its_timers_fire_and_the_loop_sleeps(TimerClock clock)
    {
        var period = TimeSpan.FromMilliseconds(50);
        using var manager = new EventManager();
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        int ticks = 0;
        manager.CreateTimerEvent(period, period, (_, _) => ticks++, new TimerEventOptions { Clock = clock });
        int iterations = 0;
        bool couldRefuse = new BackgroundThread<bool>(() =>
        {
            if (!SystemCallFilter.TryRefuse(SystemCallFilter.SetTimer, Errno.ENOMEM))
            {
                return false;
            }

            // Longer than the pause after which another descriptor is opened, in vain.
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1.3) || ticks < 3)
            {
                manager.RunOnce();
                iterations++;
            }

            return true;
        }).Result();
        Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
        Assert.InRange(iterations, ticks, (2 * ticks) + 20);
        EventManagerException fault = Assert.IsType<EventManagerException>(Assert.Single(faults).Exception);
        Assert.Equal((EventManagerError.System, Errno.ENOMEM), (fault.Error, fault.Errno));
        Patience.Until(
            () => manager.RunOnce() >= 0 && manager.Core.SourceTable.Sources.OfType<ClockSource>().Any(),
            "another descriptor is opened");
        Assert.Single(faults);
    }

    [Fact]
    public void Whatever_a_poller_throws_when_the_manager_is_disposed_every_step_is_done_and_every_descriptor_given_back()
    {
        var poller = new InterceptedPoller();
        using Process child = Process.Start("sleep", "1000");
        using var pipe = new UnixPipe();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            List<FaultReport> faults = [];
            EventManager? manager = null;
            ChildEvent? childEvent = null;
            var subscribers = new DisposableSubscriber[2];
            OpenDescriptor[] opened = OpenDescriptors.OpenedBy(
                () =>
                {
                    manager = new EventManager(new EventManagerOptions(), () => poller);
                    manager.FaultReported += (_, report) => faults.Add(report);
                    manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { });
                    manager.CreateFileEvent(directory.FullName, (_, _) => { });
                    childEvent = manager.CreateChildEvent(child, (_, _) => { });
                    for (int i = 0; i < subscribers.Length; i++)
                    {
                        subscribers[i] = new DisposableSubscriber();
                        EventOps ops = manager.GetEventOps(manager.AddSubscriber(subscribers[i]));
                        ops.Add(new Events(i == 0 ? pipe.Reader : pipe.Writer, EventSet.In));
                    }
                },
                below: "/proc/");
            poller.RemovalFault = new FormatException("removal");
            Assert.Throws<FormatException>(() => manager!.RemoveSubscriber(subscribers[0].Id));
            Assert.Equal(0, manager!.GetSubscribers().Count(info => info.Id == subscribers[0].Id));
            manager.Dispose();

            Assert.Equal([false, true], subscribers.Select(subscriber => subscriber.IsDisposed));
            Assert.True(childEvent!.CancelAsync().IsCompleted);
            Assert.All(faults, fault => Assert.Equal((FaultOrigin.Disposal, poller.RemovalFault), (fault.Origin, fault.Exception)));
            Assert.NotEmpty(faults);

            // The poller is the test's.
            poller.Dispose();
            Assert.Empty(OpenDescriptors.StillOpen(opened));
        }
        finally
        {
            directory.Delete();
            child.Kill();
            child.WaitForExit();
        }
    }

    [Fact]
    public void A_list_of_mounts_whose_number_somebody_closed_and_reused_is_not_read_any_more()
    {
        using var stranger = new EventFd(1);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        int number;
        try
        {
            string before = directory.CreateSubdirectory("before").FullName;
            List<FaultReport> faults = [];
            List<FileChange> changes = [];
            using (var manager = new EventManager())
            {
                manager.FaultReported += (_, report) => faults.Add(report);
                manager.CreateFileEvent(
                    directory.FullName,
                    (_, change) => changes.Add(change),
                    new FileEventOptions { Recursive = true });
                number = manager.Core.SourceTable.Sources.OfType<MountSource>().Single().Number;
                LibC.DuplicateTo(stranger.Number, number);
                manager.CreateSocketEvent(number, EventSet.In | EventSet.EdgeTriggered, (_, _) => { });

                // What is mounted below a directory that was moved is looked up in the list.
                Directory.Move(before, Path.Combine(directory.FullName, "after"));
                Patience.Until(
                    () => manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0
                        && changes.Exists(change => change.Kind == FileChangeKind.Moved),
                    "the move is told");
                manager.RunOnce(TimeSpan.Zero);
            }

            Assert.Equal(
                EventManagerError.DescriptorReplaced,
                Assert.IsType<EventManagerException>(Assert.Single(faults).Exception).Error);
            LibC.Close(number);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_process_whose_descriptors_number_is_another_processs_by_now_is_not_taken_for_that()
    {
        using Process child = Process.Start("sleep", "1000");
        using Process other = Process.Start("sleep", "1000");
        int number;
        try
        {
            using (var manager = new EventManager())
            {
                manager.FaultReported += (_, _) => { };
                ChildEvent childEvent = manager.CreateChildEvent(child, (_, _) => { });
                number = manager.Core.SourceTable.Sources.Single(source => source.Owner == childEvent).Number;
                using (FdHandle others = new(PidFdNative.Open(other.Id, out _)))
                {
                    LibC.DuplicateTo(others.Number, number);
                }

                manager.CreateSocketEvent(number, EventSet.In, (_, _) => { });
                Assert.Equal(Errno.EBADF, Assert.Throws<EventManagerException>(() => childEvent.Send(Signal.SIGKILL)).Errno);
            }

            LibC.Close(number);
            Assert.False(other.HasExited);
        }
        finally
        {
            child.Kill();
            other.Kill();
            child.WaitForExit();
            other.WaitForExit();
        }
    }

    [Fact]
    public void A_followed_path_that_cannot_be_watched_any_more_is_told_and_a_rescan_watches_it_again()
    {
        using var manager = new EventManager();
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            string root = directory.CreateSubdirectory("current").CreateSubdirectory("root").FullName;
            string current = Path.GetDirectoryName(root)!;
            List<FileChange> changes = [];
            FileEvent source = manager.CreateFileEvent(
                root,
                (_, change) => changes.Add(change),
                new FileEventOptions { FollowPath = true });
            FileTree tree = source.Tree;
            Assert.NotEqual(WatchTable.MaskOf(tree), WatchTable.MaskOfPath(tree));
            bool couldRefuse = new BackgroundThread<bool>(() =>
            {
                if (!SystemCallFilter.TryRefuse(
                    SystemCallFilter.WatchFile,
                    argument: 2,
                    WatchTable.MaskOfPath(tree),
                    Errno.ENOSPC,
                    everywhere: false))
                {
                    return false;
                }

                // Reported once, however often the path changes.
                for (int i = 0; i < 2; i++)
                {
                    Directory.Move(current, $"{current}{i}");
                    Directory.CreateDirectory(root);
                    manager.RunOnce(TimeSpan.FromMilliseconds(20));
                    manager.RunOnce(TimeSpan.FromMilliseconds(20));
                }

                return true;
            }).Result();
            Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
            FileChange incomplete = Assert.Single(changes, change => change.Kind == FileChangeKind.Incomplete);
            Assert.Equal(
                (root, EventManagerError.LimitReached, Errno.ENOSPC),
                (incomplete.Path, incomplete.Reason!.Error, incomplete.Reason.Errno));
            Assert.Same(incomplete.Reason, Assert.Single(faults).Exception);

            source.Rescan();
            Until(change => change.Kind == FileChangeKind.Rescanned);
            changes.Clear();
            Directory.Move(current, $"{current}-old");
            Until(change => change.Kind is FileChangeKind.RootMoved or FileChangeKind.RootDeleted);
            Directory.CreateDirectory(root);
            File.WriteAllText(Path.Combine(root, "file"), "");
            Until(change => change.Kind == FileChangeKind.Created && change.Path == Path.Combine(root, "file"));
            Assert.Single(faults);

            void Until(Predicate<FileChange> isTold) =>
                Patience.Until(
                    () => manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0 && changes.Exists(isTold),
                    $"a change; told: {string.Join(", ", changes)}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_file_event_that_a_handler_cancels_at_a_limit_is_not_called_any_more()
    {
        using var manager = new EventManager();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            List<FileChange> changes = [];
            int faults = 0;
            FileEvent source = manager.CreateFileEvent(
                directory.FullName,
                (_, change) => changes.Add(change),
                new FileEventOptions { Recursive = true });
            manager.FaultReported += (_, _) =>
            {
                faults++;
                source.Cancel();
            };
            uint mask = WatchTable.MaskOf(source.Tree);
            bool couldRefuse = new BackgroundThread<bool>(() =>
            {
                if (!SystemCallFilter.TryRefuse(SystemCallFilter.WatchFile, argument: 2, mask, Errno.ENOSPC, everywhere: false))
                {
                    return false;
                }

                directory.CreateSubdirectory("below");
                Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(10)) >= 0 && faults > 0, "the limit is reported");
                return true;
            }).Result();
            Assert.SkipUnless(couldRefuse, "This system does not allow filters of system calls.");
            Assert.Equal(1, faults);
            Assert.DoesNotContain(changes, change => change.Kind == FileChangeKind.Incomplete);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_rebuild_that_is_refused_is_said_once_costs_no_processor_and_is_tried_again()
    {
        var poller = new InterceptedPoller { RebuildRefusal = Errno.EMFILE };
        using var manager = new EventManager(new EventManagerOptions(), () => poller);
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        using var file = new EventFd(1);
        FdHandle slot = new(FileNative.Duplicate(file.Number, out _));
        int number = slot.Number;
        SocketEvent orphan = manager.CreateSocketEvent(number, EventSet.In, (_, _) => { });
        slot.Dispose();
        orphan.Cancel();
        using var other = new EventFd();
        int calls = 0;
        manager.CreateSocketEvent(other, EventSet.In | EventSet.EdgeTriggered, (_, _) => calls++);

        var limit = TimeSpan.FromMilliseconds(350);
        long start = Stopwatch.GetTimestamp();
        long turns = 0;

        // Longer if this thread does not run for so long that the rebuild is tried only once in that time.
        while (Stopwatch.GetElapsedTime(start) < limit || poller.Rebuilds < 2)
        {
            manager.RunOnce(limit);
            turns++;
        }

        // A millisecond per turn, and the first turns until the orphan is detected.
        Assert.InRange(turns, 1, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds + (2 * SourceTable.OrphanLimit));
        Assert.InRange(poller.Rebuilds, 2, 5);
        EventManagerException refusal = Assert.IsType<EventManagerException>(Assert.Single(faults).Exception);
        Assert.Equal((EventManagerError.OrphanedRegistration, Errno.EMFILE), (refusal.Error, refusal.Errno));
        other.TryAdd();
        Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(1)) >= 0 && calls == 1, "others are served meanwhile");

        poller.RebuildRefusal = Errno.Success;
        Patience.Until(() => manager.RunOnce(TimeSpan.FromMilliseconds(1)) >= 0 && faults.Count == 2, "the rebuild");
        Assert.Equal(Errno.Success, Assert.IsType<EventManagerException>(faults[1].Exception).Errno);
        start = Stopwatch.GetTimestamp();
        Assert.Equal(0, manager.RunOnce(TimeSpan.FromMilliseconds(20)));
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(20), "The loop does not sleep.");
    }

    private static ClockSource SourceOfClock(EventManager manager) => manager.Core.SourceTable.Sources.OfType<ClockSource>().Single();

    private sealed class DisposableSubscriber : IEventSubscriber, IDisposable
    {
        public SubscriberId Id { get; private set; }

        public bool IsDisposed { get; private set; }

        public void Initialize(EventOps ops) => Id = ops.SubscriberId;

        public void Process(in Events events, EventOps ops)
        {
        }

        public void Dispose() => IsDisposed = true;
    }
}
