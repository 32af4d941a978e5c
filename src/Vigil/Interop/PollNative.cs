using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>poll(2)</c>, for a single descriptor.</summary>
internal static unsafe partial class PollNative
{
    private const short POLLIN = 0x001;
    private const short POLLOUT = 0x004;
    private const short POLLERR = 0x008;
    private const short POLLHUP = 0x010;

    /// <summary>Whether a descriptor that has just reported an error or a hang-up still does. True if the call fails.</summary>
    public static bool StillHasErrorOrHangUp(int fd)
    {
        var entry = new PollFd { Fd = fd };
        return poll(&entry, 1, 0) != 0;
    }

    /// <summary>The requested kinds, and error and hang-up, that the descriptor reports at this moment. None if the call fails.</summary>
    public static short Look(int fd, short kinds)
    {
        var entry = new PollFd { Fd = fd, Requested = kinds };
        return poll(&entry, 1, 0) > 0 ? (short)(entry.Returned & (kinds | POLLERR | POLLHUP)) : (short)0;
    }

    /// <summary>Whether reading would not wait at this moment: there is data, an end, or an error.</summary>
    public static bool IsReadable(int fd) => Look(fd, POLLIN) != 0;

    /// <summary>Whether a small write would not wait at this moment.</summary>
    public static bool IsWritable(int fd) => Look(fd, POLLOUT) != 0;

    /// <summary>
    /// Waits until there is something to read, at most for a time in milliseconds; false on timeout. A signal handler does not end it.
    /// </summary>
    public static bool WaitUntilReadable(int fd, int milliseconds)
    {
        var entry = new PollFd { Fd = fd, Requested = POLLIN };
        long end = Environment.TickCount64 + milliseconds;
        int ready;
        do
        {
            ready = poll(&entry, 1, (int)Math.Max(end - Environment.TickCount64, 0));
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
        return ready > 0;
    }

    /// <summary>Sleeps; ends early if a signal handler runs. An interrupt of the runtime's does not end it.</summary>
    public static void Sleep(int milliseconds) => _ = poll(null, 0, milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* entries, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Requested;
        public short Returned;
    }
}
