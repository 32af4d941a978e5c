using System.Net;
using System.Net.Sockets;

namespace Vigil.Tests;

/// <summary>Sources that report Error or HangUp again and again: a lasting state is stopped, errors that are handled and recur are
/// not.</summary>
public sealed class SpinningTests : IDisposable
{
    private const int Limit = 10;
    private const int Errors = 20 * Limit;

    private readonly ManualExecutor _workers = new();
    private readonly EventManager _manager;
    private readonly List<FaultReport> _faults = [];

    public SpinningTests()
    {
        _manager = new EventManager(new EventManagerOptions { Workers = _workers, UnhandledHangUpLimit = Limit });
        _manager.FaultReported += (_, report) => _faults.Add(report);
    }

    public void Dispose() => _manager.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sender_that_takes_every_refusal_and_sends_again_is_not_spinning(bool onWorker)
    {
        using Socket socket = Udp();

        // A socket that is connected to itself refuses all others, and its port stays taken.
        using Socket deaf = Udp();
        deaf.Connect(deaf.LocalEndPoint!);
        socket.Connect(deaf.LocalEndPoint!);
        int refusals = 0;
        SocketEvent source = Watch(socket, EventSet.In, onWorker, () =>
        {
            const int ECONNREFUSED = 111;
            refusals += NonBlocking.TryRead(socket, new byte[16]).Errno == ECONNREFUSED ? 1 : 0;
            NonBlocking.TryWrite(socket, "again"u8);
        });
        NonBlocking.TryWrite(socket, "first"u8);
        RunUntil(() => refusals >= Errors || source.State == SourceState.Disarmed);
        Assert.Equal(Errors, refusals);
        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_error_queue_that_is_emptied_each_time_and_filled_again_is_not_spinning(bool onWorker)
    {
        using Socket receiver = Udp();
        using Socket sender = Udp();
        sender.Connect(receiver.LocalEndPoint!);
        Posix.RequestSendTimestamps(sender);
        byte[] buffer = new byte[16];
        int timestamps = 0;
        SocketEvent source = Watch(sender, EventSet.None, onWorker, () =>
        {
            timestamps += Posix.EmptyErrorQueue(sender);
            NonBlocking.TryRead(receiver, buffer);
            NonBlocking.TryWrite(sender, "x"u8);
        });
        NonBlocking.TryWrite(sender, "x"u8);
        RunUntil(() => timestamps >= Errors || source.State == SourceState.Disarmed);
        Assert.Equal(Errors, timestamps);
        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_error_queue_that_is_emptied_one_entry_a_turn_for_longer_than_the_limit_is_not_spinning(bool onWorker)
    {
        const int Entries = 5 * Limit;
        using Socket receiver = Udp();
        using Socket sender = Udp();
        sender.Connect(receiver.LocalEndPoint!);
        Posix.RequestSendTimestamps(sender);
        int taken = 0;
        for (int i = 0; i < Entries; i++)
        {
            Assert.True(NonBlocking.TryWrite(sender, "x"u8).IsSuccess);
        }

        SocketEvent source = Watch(sender, EventSet.None, onWorker, () => taken += Posix.TakeError(sender) ? 1 : 0);
        RunUntil(() => taken == Entries || source.State == SourceState.Disarmed);
        Assert.Equal(Entries, taken);
        Assert.Empty(_faults);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Completions_of_sending_without_copying_are_no_spinning_where_they_are_taken_and_stopped_where_they_are_left(bool areTaken)
    {
        using Socket receiver = Udp();
        using Socket sender = Udp();
        sender.Connect(receiver.LocalEndPoint!);
        byte[] datagram = new byte[512];
        byte[] buffer = new byte[1024];
        Assert.SkipUnless(Posix.TrySendWithoutCopying(sender, datagram), "The kernel sends no datagrams without copying.");
        int taken = 0;
        SocketEvent source = Watch(sender, EventSet.None, onWorker: false, () =>
        {
            if (areTaken)
            {
                taken += Posix.EmptyErrorQueue(sender);
                NonBlocking.TryRead(receiver, buffer);
                Assert.True(Posix.TrySendWithoutCopying(sender, datagram));
            }
        });

        // A completion comes when the receiver has read the datagram, or the kernel has copied it after all.
        NonBlocking.TryRead(receiver, buffer);
        RunUntil(() => taken >= Errors || source.State == SourceState.Disarmed);
        Assert.Equal(areTaken, source.State == SourceState.Armed);
        Assert.Equal(areTaken ? 0 : 1, _faults.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_error_that_is_left_where_it_is_is_told_as_often_as_the_limit_says_and_then_stopped(bool onWorker)
    {
        using Socket receiver = Udp();
        using Socket sender = Udp();
        sender.Connect(receiver.LocalEndPoint!);
        Posix.RequestSendTimestamps(sender);
        int told = 0;
        SocketEvent source = Watch(sender, EventSet.None, onWorker, () => told++);
        NonBlocking.TryWrite(sender, "x"u8);
        RunUntil(() => source.State == SourceState.Disarmed);
        Assert.Equal(Limit, told);
        Assert.Equal(EventManagerError.Spinning, Assert.IsType<EventManagerException>(Assert.Single(_faults).Exception).Error);

        // Armed again, it is tolerated as often as before.
        source.Arm();
        RunUntil(() => source.State == SourceState.Disarmed);
        Assert.Equal(2 * Limit, told);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hang_up_after_errors_that_were_dealt_with_is_stopped_all_the_same(bool onWorker)
    {
        using var pair = new UnixSocketPair();
        int told = 0;
        SocketEvent source = Watch(pair.First, EventSet.In, onWorker, () => told++);
        pair.Second.Dispose();
        RunUntil(() => source.State == SourceState.Disarmed);
        Assert.Equal(Limit, told);
    }

    [Fact]
    public void A_hang_up_of_a_number_that_was_closed_while_a_duplicate_lives_ends_the_registration()
    {
        using var pipe = new UnixPipe();
        FdHandle slot = Posix.Duplicate(pipe.Reader);
        SocketEvent source = Watch(new FileDescriptor(slot).Number, EventSet.In, onWorker: false, () => { });
        slot.Dispose();
        pipe.Writer.Dispose();
        RunUntil(() => source.IsCancelled);
        Assert.Equal(EventManagerError.DescriptorReplaced, Assert.IsType<EventManagerException>(_faults[0].Exception).Error);
        RunUntil(() => _faults.Count == 2);
        Assert.Equal(EventManagerError.OrphanedRegistration, Assert.IsType<EventManagerException>(_faults[1].Exception).Error);
    }

    private SocketEvent Watch(FileDescriptor fd, EventSet interest, bool onWorker, Action callback) =>
        _manager.CreateSocketEvent(
            fd,
            interest,
            (_, _) => callback(),
            new() { Target = onWorker ? CallbackTarget.Worker() : CallbackTarget.Loop });

    private void RunUntil(Func<bool> condition)
    {
        DateTime end = DateTime.UtcNow + Patience.Limit;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, "The condition did not come true in time.");
            _manager.RunOnce(TimeSpan.FromMilliseconds(1));
            while (_workers.Count > 0)
            {
                _workers.RunNext();
            }
        }
    }

    private static Socket Udp()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
