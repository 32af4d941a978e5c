using System.Net;
using System.Net.Sockets;

namespace Vigil.Tests;

public sealed class RegistrationTests : IDisposable
{
    private readonly EventManager _manager = new();
    private readonly EventFd _a = new(1);
    private readonly EventFd _b = new(1);

    public void Dispose()
    {
        _manager.Dispose();
        _a.Dispose();
        _b.Dispose();
    }

    [Fact]
    public void An_fd_has_one_owner_and_no_other_subscriber_can_touch_it()
    {
        SubscriberId owner = _manager.AddSubscriber(TestSubscriber.For(new Events(_a, EventSet.In)));
        SubscriberId other = _manager.AddSubscriber(new TestSubscriber());
        Assert.Equal(EventManagerError.AlreadyRegistered, Failure(other, ops => ops.Add(new Events(_a, EventSet.In))));
        Assert.Equal(EventManagerError.NotOwner, Failure(other, ops => ops.Modify(new Events(_a, EventSet.Out))));
        Assert.Equal(EventManagerError.NotOwner, Failure(other, ops => ops.Remove(_a)));
        Assert.Equal(EventManagerError.NotOwner, Failure(other, ops => ops.Disarm(_a)));
        Assert.Equal(EventManagerError.NotOwner, Failure(other, ops => ops.Arm(_a)));
        Assert.Equal(EventManagerError.NotOwner, Failure(other, ops => ops.AddInterest(_a, EventSet.Out)));
        Assert.Equal(EventManagerError.NotOwner, Failure(other, ops => ops.GetInterest(_a)));
        Assert.Equal(EventSet.In, _manager.GetEventOps(owner).GetInterest(_a));
        Assert.Equal(
            EventManagerError.AlreadyRegistered,
            Assert.Throws<EventManagerException>(() => _manager.CreateSocketEvent(_a, EventSet.In, (_, _) => { })).Error);
    }

    [Fact]
    public void The_messages_name_the_fd_the_owner_and_what_to_do()
    {
        _manager.AddSubscriber(TestSubscriber.For(new Events(_a, EventSet.In)));
        SubscriberId other = _manager.AddSubscriber(new TestSubscriber());
        EventManagerException exception = Thrown(other, ops => ops.Add(new Events(_a, EventSet.In)));
        int fd = new FileDescriptor(_a).Number;
        Assert.Equal(fd, exception.Fd);
        Assert.Contains($"fd {fd} ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("TestSubscriber", exception.Message, StringComparison.Ordinal);
        Assert.Equal(17, exception.Errno);
    }

    [Fact]
    public void The_managers_own_descriptors_are_out_of_reach()
    {
        SubscriberId id = _manager.AddSubscriber(new TestSubscriber());
        int[] own = [.. OpenDescriptors("anon_inode:[event").Except([new FileDescriptor(_a).Number, new FileDescriptor(_b).Number])];
        using var second = new EventManager();
        foreach (int fd in own)
        {
            Assert.False(_manager.GetEventOps(id).TryRemove(fd, out _));
            Assert.False(_manager.GetEventOps(id).TryDisarm(fd, out _));
        }

        _manager.RemoteEndpoint.Fire(manager => manager.Stop());
        _manager.Run();
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void The_Try_forms_return_the_reason_instead()
    {
        SubscriberId id = _manager.AddSubscriber(new TestSubscriber());
        EventOps ops = _manager.GetEventOps(id);
        Assert.True(ops.TryAdd(new Events(_a, EventSet.In), out EventManagerError error));
        Assert.Equal(EventManagerError.None, error);
        Assert.False(ops.TryAdd(new Events(_a, EventSet.In), out error));
        Assert.Equal(EventManagerError.AlreadyRegistered, error);
        Assert.False(ops.TryModify(new Events(_b, EventSet.In), out error));
        Assert.Equal(EventManagerError.NotRegistered, error);
        Assert.True(ops.TryModify(new Events(_a, EventSet.Out), out _));
        Assert.True(ops.TryAddInterest(_a, EventSet.In, out _));
        Assert.True(ops.TryRemoveInterest(_a, EventSet.In, out _));
        Assert.True(ops.TryGetInterest(_a, out EventSet interest));
        Assert.Equal(EventSet.Out, interest);
        Assert.True(ops.TryDisarm(_a, out _));
        Assert.True(ops.TryArm(_a, out _));
        Assert.True(ops.TryRemove(_a, out _));
        Assert.False(ops.TryRemove(_a, out error));
        Assert.Equal(EventManagerError.NotRegistered, error);
    }

    [Fact]
    public void What_epoll_refuses_is_refused_by_name_and_nothing_changes()
    {
        SubscriberId id = _manager.AddSubscriber(new TestSubscriber());
        string path = Path.GetTempFileName();
        try
        {
            using var file = File.OpenHandle(path);
            EventManagerException exception = Thrown(id, ops => ops.Add(new Events(file, EventSet.In)));
            Assert.Equal(
                (EventManagerError.NotPollable, 1, (int)file.DangerousGetHandle()),
                (exception.Error, exception.Errno, exception.Fd));
            Assert.Contains("Regular files and directories", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }

        using FdHandle directory = Posix.Open("/tmp");
        Assert.Equal(EventManagerError.NotPollable, Failure(id, ops => ops.Add(new Events(directory, EventSet.In))));
        using FdHandle devNull = Posix.Open("/dev/null");
        Assert.Equal(EventManagerError.NotPollable, Failure(id, ops => ops.Add(new Events(devNull, EventSet.In))));
        Assert.Equal(EventManagerError.InvalidDescriptor, Failure(id, ops => ops.Add(new Events(1_000_000_000, EventSet.In))));
        Assert.Equal(EventManagerError.InvalidDescriptor, Failure(id, ops => ops.Add(default)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Events(-1, EventSet.In));
        Assert.Equal(EventManagerError.InvalidInterest, Failure(id, ops => ops.Add(new Events(_a, (EventSet)0x400))));
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void Exclusive_goes_with_few_others_and_cannot_be_modified()
    {
        SubscriberId id = _manager.AddSubscriber(new TestSubscriber());
        Assert.Equal(
            EventManagerError.InvalidInterest,
            Failure(id, ops => ops.Add(new Events(_a, EventSet.In | EventSet.Exclusive | EventSet.OneShot))));
        _manager.GetEventOps(id).Add(new Events(_a, EventSet.In | EventSet.EdgeTriggered | EventSet.WakeUp | EventSet.Exclusive));
        _manager.GetEventOps(id).Add(new Events(_b, EventSet.In));
        Assert.Equal(EventManagerError.ExclusiveNotModifiable, Failure(id, ops => ops.Modify(new Events(_a, EventSet.In))));
        Assert.Equal(
            EventManagerError.ExclusiveNotModifiable,
            Failure(id, ops => ops.Modify(new Events(_b, EventSet.In | EventSet.Exclusive))));
        Assert.Equal(2, _manager.RunOnce());
        _manager.GetEventOps(id).Disarm(_a);
        _manager.GetEventOps(id).Arm(_a);
        Assert.Equal(2, _manager.RunOnce());
    }

    [Fact]
    public void A_subscriber_whose_initialization_throws_leaves_nothing_behind()
    {
        var failing = new TestSubscriber(ops =>
        {
            ops.Add(new Events(_a, EventSet.In));
            throw new InvalidOperationException("half done");
        });
        Assert.Equal("half done", Assert.Throws<InvalidOperationException>(() => _manager.AddSubscriber(failing)).Message);
        Assert.Empty(_manager.GetSubscribers());
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        var next = TestSubscriber.For(new Events(_a, EventSet.In));
        _manager.AddSubscriber(next);
        Assert.Equal(1, _manager.RunOnce());
    }

    [Fact]
    public void The_same_object_can_be_added_twice_and_ids_are_never_equal()
    {
        using var second = new EventManager();
        var subscriber = new TestSubscriber();
        SubscriberId[] ids = [_manager.AddSubscriber(subscriber), _manager.AddSubscriber(subscriber), second.AddSubscriber(subscriber)];
        Assert.Equal(3, ids.Distinct().Count());
        Assert.All(ids, id => Assert.True(id.IsValid));
        Assert.False(default(SubscriberId).IsValid);
        _manager.GetEventOps(ids[0]).Add(new Events(_a, EventSet.In));
        Assert.Equal(EventManagerError.NotOwner, Failure(ids[1], ops => ops.Remove(_a)));
        Assert.Equal(
            EventManagerError.SubscriberNotFound,
            Assert.Throws<EventManagerException>(() => _manager.RemoveSubscriber(ids[2])).Error);
        Assert.Same(subscriber, _manager.RemoveSubscriber(ids[0]));
        Assert.Same(subscriber, _manager.GetSubscriber<TestSubscriber>(ids[1]));
        Assert.Equal(
            EventManagerError.SubscriberTypeMismatch,
            Assert.Throws<EventManagerException>(() => _manager.GetSubscriber<OtherSubscriber>(ids[1])).Error);
        Assert.Equal(
            EventManagerError.SubscriberNotFound,
            Assert.Throws<EventManagerException>(() => _manager.GetSubscriber<TestSubscriber>(default)).Error);
    }

    [Fact]
    public void EventOps_is_a_ref_struct_and_a_default_one_belongs_to_nobody()
    {
        Assert.True(typeof(EventOps).IsByRefLike);
        Assert.Throws<InvalidOperationException>(() => default(EventOps).Add(new Events(0, EventSet.In)));
        Assert.Equal(-1, default(FileDescriptor).Number);
    }

    [Fact]
    public void Sockets_handles_and_numbers_name_the_same_registration()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var subscriber = TestSubscriber.For(new Events(socket, EventSet.Out));
        SubscriberId id = _manager.AddSubscriber(subscriber);
        EventOps ops = _manager.GetEventOps(id);
        Assert.Equal(EventSet.Out, ops.GetInterest(socket.SafeHandle));
        Assert.Equal(EventSet.Out, ops.GetInterest((int)socket.SafeHandle.DangerousGetHandle()));
        _manager.RunOnce();
        Assert.Same(socket.SafeHandle, Assert.Single(subscriber.Seen).Fd.Handle);
        ops.Remove(subscriber.Seen[0]);
        Assert.Empty(_manager.GetSources());
    }

    [Fact]
    public void A_socket_event_is_modified_disarmed_armed_and_cancelled_in_its_own_callback()
    {
        List<EventSet> seen = [];
        SocketEvent socketEvent = _manager.CreateSocketEvent(_a, EventSet.In, (source, ready) =>
        {
            seen.Add(ready);
            switch (seen.Count)
            {
                case 1:
                    source.Modify(EventSet.Out);
                    break;
                case 2:
                    source.AddInterest(EventSet.In);
                    break;
                case 3:
                    source.Disarm();
                    source.Arm();
                    source.RemoveInterest(EventSet.Out);
                    break;
                default:
                    source.Cancel();
                    break;
            }
        });
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(1, _manager.RunOnce());
        }

        Assert.Equal([EventSet.In, EventSet.Out, EventSet.In | EventSet.Out, EventSet.In], seen);
        Assert.True(socketEvent.IsCancelled);
        Assert.Equal(0, _manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(EventManagerError.NotRegistered, Assert.Throws<EventManagerException>(() => socketEvent.Modify(EventSet.In)).Error);
        socketEvent.Cancel();
    }

    private static int[] OpenDescriptors(string target) =>
        [.. Directory.GetFiles("/proc/self/fd").Where(
            path => new FileInfo(path).LinkTarget?.StartsWith(target, StringComparison.Ordinal) == true).Select(
                path => int.Parse(Path.GetFileName(path)))];

    private EventManagerError Failure(SubscriberId id, InitializeAction action) => Thrown(id, action).Error;

    private EventManagerException Thrown(SubscriberId id, InitializeAction action) =>
        Assert.Throws<EventManagerException>(() => action(_manager.GetEventOps(id)));

    private sealed class OtherSubscriber : IEventSubscriber
    {
        public void Initialize(EventOps ops)
        {
        }

        public void Process(in Events events, EventOps ops)
        {
        }
    }
}
