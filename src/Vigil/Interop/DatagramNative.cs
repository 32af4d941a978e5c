using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>recvmmsg(2)</c>: several datagrams with one call.</summary>
internal static unsafe partial class DatagramNative
{
    /// <summary>The kernel's limit of messages a call (UIO_MAXIOV).</summary>
    public const int MaxMessages = 1024;

    private const int MSG_TRUNC = 0x20;
    private const int MSG_DONTWAIT = 0x40;

    /// <summary>Takes what has arrived, and retries if a signal interrupted it before that; −1 and an errno on failure.</summary>
    public static int Receive(int fd, Message* messages, int count, out int errno)
    {
        int received;
        do
        {
            received = recvmmsg(fd, messages, (uint)count, MSG_DONTWAIT, 0);
            errno = received < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        }
        while (errno == Errno.EINTR);
        return received;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int recvmmsg(int fd, Message* messages, uint count, int flags, nint timeout);

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Part
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>
    /// <c>struct mmsghdr</c> on 64 bits. The kernel writes <see cref="NameLength"/>, <see cref="Flags"/> and <see cref="Received"/>, and
    /// nothing else unless control data is requested.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;

        // The header, a separate structure in C, is padded to a multiple of its largest field.
        private readonly uint _headerPadding;
        public uint Received;
        private readonly uint _padding;

        public bool IsTruncated
        {
            readonly get => (Flags & MSG_TRUNC) != 0;
            set => Flags = value ? MSG_TRUNC : 0;
        }
    }
}
