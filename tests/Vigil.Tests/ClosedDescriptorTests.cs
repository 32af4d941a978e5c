using System.Net;
using System.Net.Sockets;

namespace Vigil.Tests;

/// <summary>Descriptors that are closed, reused, or duplicated behind the manager's back.</summary>
public sealed class ClosedDescriptorTests : IDisposable
{
    private readonly EventManager _manager = new();
    private readonly List<FaultReport> _reports = [];

    public ClosedDescriptorTests() => _manager.FaultReported += (_, report) => _reports.Add(report);

    public void Dispose() => _manager.Dispose();

    [Fact]
    public void A_raw_number_that_was_closed_and_used_again_is_the_new_owners_and_the_first_cannot_touch_it()
    {
        using var first = new EventFd(1);
        using var second = new EventFd(1);
        using FdHandle slot = Posix.Duplicate(first);
        int number = new FileDescriptor(slot).Number;
        SubscriberId old = _manager.AddSubscriber(TestSubscriber.For(new Events(number, EventSet.In, 1)));
        Posix.Replace(number, second);
        var replacement = TestSubscriber.For(new Events(number, EventSet.In, 2));
        SubscriberId young = _manager.AddSubscriber(replacement);

        FaultReport report = Assert.Single(_reports);
        Assert.Equal((FaultOrigin.Registration, old, number), (report.Origin, report.SubscriberId, report.Fd));
        Assert.Equal(EventManagerError.DescriptorReplaced, Assert.IsType<EventManagerException>(report.Exception).Error);

        Assert.False(_manager.GetEventOps(old).TryRemove(number, out EventManagerError error));
        Assert.Equal(EventManagerError.NotOwner, error);
        _manager.RemoveSubscriber(old);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(2u, Assert.Single(replacement.Seen).Data);
        Assert.Equal(EventSet.In, _manager.GetEventOps(young).GetInterest(number));
    }

    [Fact]
    public void A_handle_that_was_closed_and_whose_number_was_used_again_is_told_from_its_successor()
    {
        using var firstFile = new EventFd(1);
        using var secondFile = new EventFd(1);
        using FdHandle slot = Posix.Duplicate(firstFile);
        int number = new FileDescriptor(slot).Number;
        var first = new FdHandle(number, ownsHandle: false);
        SubscriberId old = _manager.AddSubscriber(TestSubscriber.For(new Events(first, EventSet.In, 1)));
        first.Dispose();
        Posix.Replace(number, secondFile);
        var replacement = TestSubscriber.For(new Events(slot, EventSet.In, 2));
        _manager.AddSubscriber(replacement);
        Assert.Equal(EventManagerError.HandleClosed, Assert.IsType<EventManagerException>(Assert.Single(_reports).Exception).Error);

        // Removing by the closed handle succeeds and concerns the old file, whatever has its number.
        _manager.GetEventOps(old).Remove(first);
        _manager.RemoveSubscriber(old);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(2u, Assert.Single(replacement.Seen).Data);
    }

    [Fact]
    public void A_number_that_is_disarmed_and_closed_stands_in_nobodys_way_whom_the_manager_gives_it_to()
    {
        // The next file gets the lowest free number: all lower ones are taken by now, and no other test opens any while this one
        // runs.
        using var file = new EventFd();
        FdHandle slot = Posix.Duplicate(file);
        SocketEvent stale = _manager.CreateSocketEvent(new FileDescriptor(slot).Number, EventSet.In, (_, _) => { });
        stale.Disarm();
        DirectoryInfo directory = Directory.CreateTempSubdirectory("vigil-");
        try
        {
            // Another thread may get the number first; then the attempt is repeated.
            for (int attempt = 0; attempt < 1000 && !stale.IsCancelled; attempt++)
            {
                slot.Dispose();
                using FileEvent own = _manager.CreateFileEvent(directory.FullName, (_, _) => { });
                if (!stale.IsCancelled)
                {
                    stale.Cancel();
                    slot = Posix.Duplicate(file);
                    stale = _manager.CreateSocketEvent(new FileDescriptor(slot).Number, EventSet.In, (_, _) => { });
                    stale.Disarm();
                }
            }
        }
        finally
        {
            directory.Delete();
        }

        // Reported by the loop, not by whoever asks for something of the manager's.
        _manager.RunOnce(TimeSpan.Zero);
        FaultReport report = Assert.Single(_reports);
        Assert.Equal(EventManagerError.DescriptorReplaced, Assert.IsType<EventManagerException>(report.Exception).Error);
        Assert.Equal(stale, report.Event);
        Assert.Equal(SourceState.Removed, stale.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_handler_asks_for_while_the_manager_opens_the_same_for_another_works_like_that(bool isFile)
    {
        using var directory = new WatchedDirectory();
        bool isReported = false;

        // As above: another thread may get the number first. The descriptor is opened once per manager.
        for (int attempt = 0; attempt < 1000 && !isReported; attempt++)
        {
            using var manager = new EventManager();
            List<int> calls = [];
            manager.FaultReported += (_, report) =>
            {
                Assert.Equal(EventManagerError.HandleClosed, Assert.IsType<EventManagerException>(report.Exception).Error);
                Assert.False(isReported);
                isReported = true;
                Create();
            };
            var stale = new EventFd();
            manager.CreateSocketEvent(stale, EventSet.In, (_, _) => { });
            stale.Dispose();
            Create();
            manager.RunUntil(() =>
            {
                File.WriteAllText(directory.At($"{Guid.NewGuid():N}"), "");
                return calls.TrueForAll(count => count > 0);
            });
            Assert.Equal(isReported ? 2 : 1, calls.Count);

            void Create()
            {
                int index = calls.Count;
                calls.Add(0);
                if (isFile)
                {
                    manager.CreateFileEvent(directory.Root, (_, _) => calls[index]++);
                }
                else
                {
                    manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => calls[index]++);
                }
            }
        }

        Assert.True(isReported);
    }

    [Fact]
    public void A_subscriber_that_a_handler_removes_while_it_adds_a_number_is_not_called_any_more()
    {
        using var file = new EventFd(1);
        using FdHandle slot = Posix.Duplicate(file);
        int number = new FileDescriptor(slot).Number;
        var closed = new FdHandle(number, ownsHandle: false);
        _manager.AddSubscriber(TestSubscriber.For(new Events(closed, EventSet.In)));
        closed.Dispose();
        var removed = new TestSubscriber();
        SubscriberId id = _manager.AddSubscriber(removed);
        _manager.FaultReported += (_, _) => _manager.RemoveSubscriber(id);
        _manager.GetEventOps(id).TryAdd(new Events(number, EventSet.In), out _);
        Assert.Single(_reports);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Empty(removed.Seen);
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void What_a_handler_defers_while_the_loop_gets_rid_of_an_orphan_does_not_wait_for_the_next_event()
    {
        const int Limit = 1_000;
        var longTime = TimeSpan.FromSeconds(20);
        bool hasRun = false;
        _manager.FaultReported += (manager, _) => ((EventManager)manager!).Defer(_ => hasRun = true);
        var original = new EventFd(1);
        using FdHandle dup = Posix.Duplicate(original);
        SocketEvent orphan = _manager.CreateSocketEvent(new FileDescriptor(original).Number, EventSet.In, (_, _) => { });
        original.Dispose();
        orphan.Cancel();
        for (int turn = 0; !hasRun; turn++)
        {
            Assert.True(turn < Limit, "The orphan was not noticed.");
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            _manager.RunOnce(longTime);
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < longTime, "The loop slept.");
        }
    }

    [Fact]
    public void An_exclusive_registration_of_a_number_that_came_back_as_the_same_file_can_be_made_again()
    {
        const int OutOfReach = 800;
        using var file = new EventFd(1);
        FdHandle slot = Posix.DuplicateFrom(file, OutOfReach);
        int number = new FileDescriptor(slot).Number;
        SubscriberId first = _manager.AddSubscriber(TestSubscriber.For(new Events(number, EventSet.In | EventSet.Exclusive)));
        slot.Dispose();
        _manager.RemoveSubscriber(first);
        using FdHandle again = Posix.DuplicateFrom(file, number);
        Assert.Equal(number, new FileDescriptor(again).Number);
        var second = TestSubscriber.For(new Events(number, EventSet.In | EventSet.Exclusive, data: 2));
        _manager.AddSubscriber(second);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(2u, Assert.Single(second.Seen).Data);
        Assert.Empty(_reports);
    }

    [Fact]
    public void An_event_whose_handle_was_closed_is_over_and_says_so()
    {
        var file = new EventFd();
        SocketEvent closed = _manager.CreateSocketEvent(file, EventSet.In, (_, _) => { });
        Assert.Equal((false, SourceState.Armed), (closed.IsCancelled, closed.State));
        file.Dispose();
        Assert.Equal((true, SourceState.Removed), (closed.IsCancelled, closed.State));
        Assert.Equal(EventManagerError.NotRegistered, Assert.Throws<EventManagerException>(() => closed.Modify(EventSet.Out)).Error);
        Assert.Equal(EventManagerError.HandleClosed, Assert.IsType<EventManagerException>(Assert.Single(_reports).Exception).Error);
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void Who_looks_at_the_sources_finds_none_whose_handle_was_closed()
    {
        var file = new EventFd();
        _manager.AddSubscriber(TestSubscriber.For(new Events(file, EventSet.In)));
        file.Dispose();
        Assert.Empty(_manager.GetSources());
        Assert.Equal(EventManagerError.HandleClosed, Assert.IsType<EventManagerException>(Assert.Single(_reports).Exception).Error);
    }

    [Fact]
    public void A_cancelled_event_is_removed_whatever_it_was()
    {
        using var file = new EventFd();
        foreach (bool isDisarmed in new[] { false, true })
        {
            SocketEvent source = _manager.CreateSocketEvent(file, EventSet.In, (_, _) => { });
            if (isDisarmed)
            {
                source.Disarm();
            }

            source.Cancel();
            Assert.Equal((true, SourceState.Removed), (source.IsCancelled, source.State));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Removing_what_was_closed_behind_its_number_succeeds(bool bySubscriber)
    {
        using var file = new EventFd(1);
        FdHandle slot = Posix.Duplicate(file);
        int number = new FileDescriptor(slot).Number;
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(number, EventSet.In)));
        slot.Dispose();
        if (bySubscriber)
        {
            _manager.RemoveSubscriber(id);
        }
        else
        {
            _manager.GetEventOps(id).Remove(number);
        }

        Assert.Empty(_manager.GetSources());
        Assert.Empty(_reports);
    }

    [Fact]
    public void A_number_whose_new_file_is_a_regular_one_can_be_removed_too()
    {
        using var file = new EventFd(1);
        using FdHandle slot = Posix.Duplicate(file);
        int number = new FileDescriptor(slot).Number;
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(number, EventSet.In)));
        using FdHandle directory = Posix.Open("/tmp");
        Posix.Replace(number, directory);
        _manager.GetEventOps(id).Remove(number);
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void A_disarmed_fd_counts_as_registered_unless_its_handle_is_closed()
    {
        using var file = new EventFd(1);
        using var successor = new EventFd(1);
        using FdHandle slot = Posix.Duplicate(file);
        int number = new FileDescriptor(slot).Number;
        var handle = new FdHandle(number, ownsHandle: false);
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(handle, EventSet.In)));
        SubscriberId other = _manager.AddSubscriber(new TestSubscriber());
        _manager.GetEventOps(id).Disarm(handle);
        Assert.False(_manager.GetEventOps(other).TryAdd(new Events(number, EventSet.In), out EventManagerError error));
        Assert.Equal(EventManagerError.AlreadyRegistered, error);
        handle.Dispose();
        Posix.Replace(number, successor);
        Assert.True(_manager.GetEventOps(other).TryAdd(new Events(number, EventSet.In), out _));
        Assert.Equal(1, _manager.RunOnce());
        _manager.GetEventOps(other).Remove(number);
    }

    [Fact]
    public void An_event_of_a_handle_that_was_closed_by_another_callback_is_not_delivered()
    {
        using var peer = new EventFd(1);
        var closed = new EventFd(1);
        using FdHandle keepsFileOpen = Posix.Duplicate(closed);
        using SocketEvent first = _manager.CreateSocketEvent(
            peer,
            EventSet.In,
            (_, _) => closed.Dispose(),
            new() { Priority = DispatchPriority.High });
        var subscriber = TestSubscriber.For(new Events(closed, EventSet.In));
        _manager.AddSubscriber(subscriber);
        Assert.Equal(1, _manager.RunOnce());
        Assert.Empty(subscriber.Seen);
        Assert.Equal(EventManagerError.HandleClosed, Assert.IsType<EventManagerException>(Assert.Single(_reports).Exception).Error);
    }

    [Fact]
    public void An_injected_event_of_a_handle_that_was_closed_meanwhile_is_not_delivered()
    {
        var closed = new EventFd();
        var subscriber = TestSubscriber.For(new Events(closed, EventSet.In));
        SubscriberId id = _manager.AddSubscriber(subscriber);
        _manager.Inject(id, new Events(closed, EventSet.In));
        closed.Dispose();
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Empty(subscriber.Seen);
        Assert.Equal(EventManagerError.HandleClosed, Assert.IsType<EventManagerException>(Assert.Single(_reports).Exception).Error);
        Assert.Empty(_manager.GetSources());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_dup_that_outlives_its_closed_original_is_contained_and_the_loop_sleeps_again(bool byHandle)
    {
        using var bystander = new EventFd();
        var live = TestSubscriber.For(new Events(bystander, EventSet.In | EventSet.EdgeTriggered));
        _manager.AddSubscriber(live);
        var original = new EventFd(1);
        using FdHandle dup = Posix.Duplicate(original);
        FileDescriptor name = byHandle ? original : new FileDescriptor(original).Number;
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(name, EventSet.In)));
        original.Dispose();
        _manager.RemoveSubscriber(id);

        int turns = 0;
        while (!_reports.Exists(IsOrphanReport))
        {
            _manager.RunOnce(TimeSpan.Zero);
            Assert.True(++turns < 1_000, "The orphan was not noticed.");
        }

        // The loop sleeps: only the deadline ends this wait. And live sources are still watched.
        var timeout = TimeSpan.FromMilliseconds(50);
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(0, _manager.RunOnce(timeout));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) >= timeout);
        bystander.TryAdd();
        Assert.Equal(1, _manager.RunOnce());
        Assert.Single(live.Seen);
        Assert.Single(_reports, report => IsOrphanReport(report));
        static bool IsOrphanReport(FaultReport report) =>
            report.Exception is EventManagerException { Error: EventManagerError.OrphanedRegistration };
    }

    [Fact]
    public void What_a_handler_defers_when_the_poller_is_rebuilt_does_not_wait_until_something_is_ready()
    {
        var original = new EventFd(1);
        using FdHandle dup = Posix.Duplicate(original);
        SocketEvent orphan = _manager.CreateSocketEvent(new FileDescriptor(original).Number, EventSet.In, (_, _) => { });
        bool ran = false;
        _manager.FaultReported += (_, report) => _manager.Defer(_ => ran = true);
        original.Dispose();
        orphan.Cancel();

        // The orphan ends every wait until the poller is rebuilt.
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!ran)
        {
            _manager.RunOnce(Patience.Limit);
        }

        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Patience.Limit, "The loop has slept.");
    }

    [Fact]
    public void An_orphan_whose_number_names_the_same_file_again_is_taken_over()
    {
        using var file = new EventFd(1);
        using var another = new EventFd();
        using FdHandle slot = Posix.Duplicate(file);
        int number = new FileDescriptor(slot).Number;
        SubscriberId id = _manager.AddSubscriber(TestSubscriber.For(new Events(number, EventSet.In, 1)));
        Posix.Replace(number, another);
        _manager.GetEventOps(id).Remove(number);
        Posix.Replace(number, file);
        _manager.GetEventOps(id).Add(new Events(number, EventSet.In, 2));
        Assert.Equal(1, _manager.RunOnce());
        Assert.Equal(2u, Assert.Single(_manager.GetSubscriber<TestSubscriber>(id).Seen).Data);
    }

    [Fact]
    public void A_socket_disposed_in_its_own_callback_is_gone_at_once_and_its_peer_sees_the_end()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        Socket server = listener.Accept();
        var subscriber = TestSubscriber.For(new Events(server, EventSet.In), (_, _) =>
        {
            server.Receive(new byte[16]);
            server.Dispose();
        });
        _manager.AddSubscriber(subscriber);
        client.Send("bye"u8);
        Assert.Equal(1, _manager.RunOnce(Patience.Limit));
        client.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
        Assert.Equal(0, client.Receive(new byte[1]));
        Assert.Empty(_manager.GetSources());
        Assert.Empty(_reports);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
    }

    [Fact]
    public void A_registration_holds_no_reference_that_keeps_a_handle_open()
    {
        var pipe = new UnixPipe();
        _manager.AddSubscriber(TestSubscriber.For(new Events(pipe.Writer, EventSet.None)));
        pipe.Writer.Dispose();
        Assert.True(NonBlocking.TryRead(pipe.Reader, new byte[1]).IsEndOfStream);
        pipe.Dispose();
    }
}
