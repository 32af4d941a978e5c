using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>Sockets that carry messages with descriptors: <c>socket(2)</c>, <c>connect(2)</c>, <c>sendmsg(2)</c>.</summary>
internal static unsafe partial class NotifyNative
{
    public const int AF_UNIX = 1;
    public const int AF_VSOCK = 40;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_SEQPACKET = 5;

    // struct sockaddr_vm: family, two reserved bytes, port, context, and zeros.
    public const int VirtualAddressSize = 16;
    public const int VirtualPortOffset = 4;
    public const int VirtualContextOffset = 8;

    /// <summary>The size of <c>sun_path</c> in <c>struct sockaddr_un</c>.</summary>
    public const int LocalNameSize = 108;

    /// <summary>How many descriptors the kernel takes with one message (<c>unix(7)</c>).</summary>
    public const int MaxDescriptors = 253;

    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_ERROR = 4;
    private const int SCM_RIGHTS = 1;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;

    /// <summary>Creates a socket, non-blocking and close-on-exec; −1 and an errno on failure.</summary>
    public static int Open(int family, int type, out int errno)
    {
        int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return fd;
    }

    /// <summary>Begins to connect. EINPROGRESS: the socket becomes writable when it is done; EAGAIN: the peer's queue is full.</summary>
    public static int Connect(int fd, ReadOnlySpan<byte> address)
    {
        fixed (byte* start = address)
        {
            // A signal ends a wait, and this does not wait.
            return connect(fd, start, (uint)address.Length) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        }
    }

    /// <summary>The error of an attempt to connect that has ended; the call's own, if it fails.</summary>
    public static int TakeError(int fd)
    {
        int error = 0;
        int size = sizeof(int);
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? Marshal.GetLastPInvokeError() : error;
    }

    /// <summary>Sends one message without waiting, and retries after a signal.</summary>
    /// <param name="fd">The socket.</param>
    /// <param name="address">Where to; empty if it is connected.</param>
    /// <param name="text">The message.</param>
    /// <param name="descriptors">Numbers of open files to go with it, at most <see cref="MaxDescriptors"/>.</param>
    /// <returns>An errno.</returns>
    public static int Send(int fd, ReadOnlySpan<byte> address, ReadOnlySpan<byte> text, ReadOnlySpan<int> descriptors)
    {
        int payload = descriptors.Length * sizeof(int);
        Span<byte> control = stackalloc byte[sizeof(ControlHeader) + (MaxDescriptors * sizeof(int)) + sizeof(int)];
        control.Clear();
        fixed (byte* to = address)
        fixed (byte* start = text)
        fixed (byte* extra = control)
        {
            var part = new DatagramNative.Part { Start = start, Length = (nuint)text.Length };
            var message = new MessageHeader { Name = to, NameLength = (uint)address.Length, Parts = &part, PartCount = 1 };
            if (payload > 0)
            {
                var header = (ControlHeader*)extra;
                *header = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + payload), Level = SOL_SOCKET, Type = SCM_RIGHTS };
                descriptors.CopyTo(new Span<int>(header + 1, descriptors.Length));
                message.Control = extra;

                // The next header would begin at a multiple of a word.
                message.ControlLength = (nuint)(sizeof(ControlHeader) + ((payload + sizeof(nint) - 1) & -sizeof(nint)));
            }

            int errno;
            do
            {
                errno = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
            return errno;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, int* value, int* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    /// <summary><c>struct msghdr</c> on 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public DatagramNative.Part* Parts;
        public nuint PartCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
        private readonly uint _padding;
    }

    /// <summary><c>struct cmsghdr</c>, which its data follows.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
