using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>poll(2)</c>, for a single descriptor.</summary>
internal static unsafe partial class PollNative
{
    private const short POLLIN = 0x001;
    private const short POLLERR = 0x008;
    private const short POLLHUP = 0x010;

    /// <summary>Whether the descriptor reports an error or a hang-up at this moment.</summary>
    public static bool HasErrorOrHangUp(int fd)
    {
        var entry = new PollFd { Fd = fd };
        return poll(&entry, 1, 0) > 0 && (entry.Returned & (POLLERR | POLLHUP)) != 0;
    }

    /// <summary>Waits until there is something to read, for a time in milliseconds; false where it passes.</summary>
    public static bool WaitUntilReadable(int fd, int milliseconds)
    {
        var entry = new PollFd { Fd = fd, Requested = POLLIN };
        return poll(&entry, 1, milliseconds) > 0;
    }

    [LibraryImport("libc")]
    private static partial int poll(PollFd* entries, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Requested;
        public short Returned;
    }
}
