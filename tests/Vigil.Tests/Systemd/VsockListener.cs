using System.Runtime.InteropServices;
using System.Text;

namespace Vigil.Tests.Systemd;

/// <summary>A listener for sequenced packets at the loopback of <c>vsock(7)</c>, which the runtime's sockets do not know.</summary>
internal sealed partial class VsockListener : IDisposable
{
    private const int AF_VSOCK = 40;
    private const int SOCK_SEQPACKET = 5;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int AddressSize = 16;
    private const uint AnyPort = uint.MaxValue;
    private const uint Loopback = 1;
    private const short POLLIN = 1;

    private readonly FdHandle _listener;

    private VsockListener(FdHandle listener, uint port) => (_listener, Port) = (listener, port);

    public uint Port { get; }

    /// <summary>Null if the kernel has no loopback (the module vsock_loopback).</summary>
    public static VsockListener? TryCreate()
    {
        int fd = socket(AF_VSOCK, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
        {
            return null;
        }

        var handle = new FdHandle(fd);
        byte[] address = new byte[AddressSize];
        MemoryMarshal.Write(address, (ushort)AF_VSOCK);
        MemoryMarshal.Write(address.AsSpan(4), AnyPort);
        MemoryMarshal.Write(address.AsSpan(8), Loopback);
        int size = AddressSize;
        if (bind(fd, address, AddressSize) == 0 && listen(fd, 8) == 0 && getsockname(fd, address, ref size) == 0)
        {
            return new VsockListener(handle, MemoryMarshal.Read<uint>(address.AsSpan(4)));
        }

        handle.Dispose();
        return null;
    }

    /// <summary>The one message of the next connection.</summary>
    public string Receive()
    {
        Await(_listener);
        using var connection = new FdHandle(accept(_listener.DangerousGetHandle(), 0, 0));
        byte[] buffer = new byte[256];
        Await(connection);
        string text = Encoding.UTF8.GetString(buffer, 0, NonBlocking.TryRead(connection, buffer).Count);
        Await(connection);
        Assert.Equal(0, NonBlocking.TryRead(connection, buffer).Count);
        return text;
    }

    public void Dispose() => _listener.Dispose();

    private static void Await(FdHandle fd)
    {
        var entry = new PollEntry { Fd = (int)fd.DangerousGetHandle(), Events = POLLIN };
        Assert.Equal(1, poll(ref entry, 1, (int)Patience.Limit.TotalMilliseconds));
    }

    [LibraryImport("libc")]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc")]
    private static partial int bind(int fd, byte[] address, int size);

    [LibraryImport("libc")]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc")]
    private static partial int getsockname(int fd, byte[] address, ref int size);

    [LibraryImport("libc")]
    private static partial int accept(nint fd, nint address, nint size);

    [LibraryImport("libc")]
    private static partial int poll(ref PollEntry entry, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Fd;
        public short Events;
        public short Occurred;
    }
}
