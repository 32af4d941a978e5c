using System.Net;
using System.Net.Sockets;

namespace Vigil.Tests;

/// <summary>Files in blocking mode: the non-blocking calls do not wait, and do not change the mode. A call that waits makes its test
/// hang.</summary>
public sealed class BlockingModeTests
{
    [Fact]
    public void A_blocking_pipe_is_read_and_written_without_waiting()
    {
        using var pipe = new UnixPipe(BlockingMode.Blocking);
        byte[] buffer = new byte[100_000];
        Assert.True(NonBlocking.TryRead(pipe.Reader, buffer).WouldBlock);
        int written = 0;
        IOResult result;
        while ((result = NonBlocking.TryWrite(pipe.Writer, buffer)).IsSuccess)
        {
            Assert.InRange(result.Count, 1, 4096);
            written += result.Count;
        }

        Assert.True(result.WouldBlock);
        Assert.True(written >= 60_000, $"{written} bytes");
        Assert.Equal(written, NonBlocking.TryRead(pipe.Reader, buffer).Count);
        pipe.Writer.Dispose();
        Assert.True(NonBlocking.TryRead(pipe.Reader, buffer).IsEndOfStream);
    }

    [Theory]
    [InlineData(BlockingMode.Blocking)]
    [InlineData(BlockingMode.NonBlocking)]
    public void The_wrong_end_of_a_pipe_can_neither_be_written_nor_read(BlockingMode mode)
    {
        using var pipe = new UnixPipe(mode);

        IOResult written = NonBlocking.TryWrite(pipe.Reader, "x"u8);
        IOResult read = NonBlocking.TryRead(pipe.Writer, new byte[1]);

        Assert.Equal((true, 9), (written.IsFailure, written.Errno));
        Assert.Equal((true, 9), (read.IsFailure, read.Errno));
    }

    [Fact]
    public void A_blocking_socket_of_the_runtimes_is_read_written_and_accepted_without_waiting_and_stays_blocking()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Assert.True(NonBlocking.TryAccept(listener, out _).WouldBlock);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        LoopbackArrival.Await(listener);
        IOResult accepted = NonBlocking.TryAccept(listener, out FdHandle? server, out EndPoint? peer);
        Assert.True(accepted.IsSuccess);
        using FdHandle connection = server!;
        Assert.Equal(client.LocalEndPoint, peer);
        byte[] buffer = new byte[1_000_000];
        Assert.True(NonBlocking.TryRead(client, buffer).WouldBlock);
        IOResult written;
        do
        {
            written = NonBlocking.TryWrite(client, buffer);
        }
        while (written.IsSuccess);

        // The last result counts. A further write may succeed: an acknowledgement of the other side makes room.
        Assert.True(written.WouldBlock);
        LoopbackArrival.Await(connection);
        Assert.True(NonBlocking.TryRead(connection, buffer).Count > 0);
        Assert.True(client.Blocking && listener.Blocking);
    }

    [Fact]
    public void A_blocking_socket_by_its_number_or_by_a_handle_of_ones_own_does_not_wait()
    {
        using var pair = new UnixSocketPair(SocketType.Dgram, BlockingMode.Blocking);
        using var other = new FdHandle(new FileDescriptor(pair.First).Number, ownsHandle: false);
        byte[] buffer = new byte[16];
        Assert.True(NonBlocking.TryRead(new FileDescriptor(pair.First).Number, buffer).WouldBlock);
        Assert.True(NonBlocking.TryRead(other, buffer).WouldBlock);
        Assert.Equal(0, NonBlocking.TryRead(other, []).Count);
        Assert.Equal(3, NonBlocking.TryWrite(pair.Second, "abc"u8).Count);
        Assert.Equal(3, NonBlocking.TryRead(other, buffer).Count);
    }

    [Fact]
    public void A_file_that_is_always_ready_is_read_as_ever()
    {
        using FileStream file = File.OpenRead("/proc/self/mountinfo");
        Assert.True(NonBlocking.TryRead(file.SafeFileHandle, new byte[64]).Count > 0);
    }

    [Fact]
    public void A_mode_that_is_set_is_what_the_calls_go_by()
    {
        using var pipe = new UnixPipe();
        NonBlocking.SetBlocking(pipe.Reader);
        Assert.True(NonBlocking.TryRead(pipe.Reader, new byte[1]).WouldBlock);
    }

    [Fact]
    public void Who_connects_is_told_whatever_the_family()
    {
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(address, 0));
            listener.Listen();
            using var client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(listener.LocalEndPoint!);
            LoopbackArrival.Await(listener);
            Assert.True(NonBlocking.TryAccept(listener, out FdHandle? connection, out EndPoint? peer).IsSuccess);
            connection!.Dispose();
            Assert.Equal(client.LocalEndPoint, peer);
        }

        string name = $"vigil-{Guid.NewGuid():N}";
        using var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        local.Bind(new UnixDomainSocketEndPoint($"\0{name}"));
        local.Listen();
        foreach (string? own in new[] { null, $"\0{name}-client", Path.Combine(Path.GetTempPath(), name) })
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            if (own is not null)
            {
                client.Bind(new UnixDomainSocketEndPoint(own));
            }

            client.Connect(local.LocalEndPoint!);
            Assert.True(NonBlocking.TryAccept(local, out FdHandle? connection, out EndPoint? peer).IsSuccess);
            connection!.Dispose();
            Assert.Equal(own is null ? null : new UnixDomainSocketEndPoint(own), peer);
        }

        Assert.True(NonBlocking.TryAccept(local, out _, out EndPoint? nobody).WouldBlock);
        Assert.Null(nobody);
        File.Delete(Path.Combine(Path.GetTempPath(), name));
    }

    [Fact]
    public void A_FIFO_is_opened_without_waiting_for_its_other_end()
    {
        string path = Path.Combine(Path.GetTempPath(), $"vigil-{Guid.NewGuid():N}");
        Assert.Equal(0, Posix.MakeFifo(path));
        try
        {
            EventManagerException alone = Assert.Throws<EventManagerException>(() => FdHandle.Open(path, OpenFlags.Write));
            Assert.Equal((EventManagerError.System, 6), (alone.Error, alone.Errno));
            Assert.Contains("FIFO", alone.Message, StringComparison.Ordinal);
            using FdHandle reader = FdHandle.Open(path, OpenFlags.Read);
            using FdHandle writer = FdHandle.Open(path, OpenFlags.Write);
            Assert.True(NonBlocking.TryRead(reader, new byte[1]).WouldBlock);
            Assert.Equal(1, NonBlocking.TryWrite(writer, "x"u8).Count);
            using var manager = new EventManager();
            int told = 0;
            manager.CreateSocketEvent(reader, EventSet.In | EventSet.EdgeTriggered, (_, _) => told++);
            manager.RunOnce();
            Assert.Equal(1, told);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("/nonexistent/tty", OpenFlags.Read, EventManagerError.PathNotFound, 2)]
    [InlineData("/proc/version", OpenFlags.Write | OpenFlags.NoFollow, EventManagerError.AccessDenied, 13)]
    [InlineData("/tmp", OpenFlags.Write, EventManagerError.System, 21)]
    [InlineData("/proc/self/exe", OpenFlags.Read | OpenFlags.NoFollow, EventManagerError.System, 40)]
    public void What_cannot_be_opened_says_which_and_why(string path, OpenFlags flags, EventManagerError error, int errno)
    {
        Assert.SkipWhen(path == "/proc/version" && Environment.IsPrivilegedProcess, "Root may open it.");
        EventManagerException refusal = Assert.Throws<EventManagerException>(() => FdHandle.Open(path, flags));
        Assert.Equal((error, errno), (refusal.Error, refusal.Errno));
        Assert.StartsWith($"{path} could not be opened: ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_never_be_opened_is_an_argument()
    {
        Assert.Throws<ArgumentException>(() => FdHandle.Open("", OpenFlags.Read));
        Assert.Throws<ArgumentException>(() => FdHandle.Open("a\0b", OpenFlags.Read));
        Assert.Throws<ArgumentException>(() => FdHandle.Open("/dev/null", OpenFlags.None));
        Assert.Throws<ArgumentException>(() => FdHandle.Open("/dev/null", OpenFlags.Append));
        Assert.Throws<ArgumentException>(() => FdHandle.Open("/dev/null", (OpenFlags)64));
    }

    [Fact]
    public void The_mode_of_a_virtual_descriptor_cannot_be_set_once_it_is_closed()
    {
        var handle = new IdleHandle();
        NonBlocking.SetBlocking(handle);
        NonBlocking.SetNonBlocking(handle);
        handle.Dispose();
        Assert.Throws<ObjectDisposedException>(() => NonBlocking.SetBlocking(handle));
        Assert.Throws<ObjectDisposedException>(() => NonBlocking.SetNonBlocking(handle));
    }

    /// <summary>A virtual descriptor that nothing can be done with.</summary>
    private sealed class IdleHandle() : VirtualHandle(int.MaxValue)
    {
        protected internal override IOResult TryRead(Span<byte> buffer) => throw new NotSupportedException();

        protected internal override IOResult TryWrite(ReadOnlySpan<byte> buffer) => throw new NotSupportedException();

        protected internal override IOResult TryAccept(out FdHandle? connection, out EndPoint? peer) => throw new NotSupportedException();

        protected internal override IOResult TryShutdownWrite() => throw new NotSupportedException();

        protected override bool ReleaseHandle() => true;
    }
}
