using System.Runtime.InteropServices;

namespace Vigil.Testing;

/// <summary>
/// The kernel's descriptors that a simulated loop registers all the same: its own waker, and what a test leaves real. They are looked at
/// with <c>poll(2)</c>, which knows no edges: what lasts is reported again.
/// </summary>
internal static partial class RealDescriptors
{
    private const short POLLIN = 1;
    private const short POLLPRI = 2;
    private const short POLLOUT = 4;
    private const short POLLRDHUP = 0x2000;
    private const short POLLNVAL = 0x20;

    /// <summary>
    /// What a descriptor is ready for, Error and HangUp included. The bits are those of epoll (<c>poll(2)</c>, <c>epoll(7)</c>).
    /// </summary>
    public static EventSet Poll(int fd, EventSet interest)
    {
        PollFd entry = new() { Fd = fd, Events = (short)((int)interest & (POLLIN | POLLPRI | POLLOUT | POLLRDHUP)) };
        int count = Poll(ref entry, 1, 0);
        return count == 1 && (entry.Ready & POLLNVAL) == 0 ? (EventSet)entry.Ready : EventSet.None;
    }

    /// <summary>Whether the number is open.</summary>
    public static bool IsOpen(int fd)
    {
        PollFd entry = new() { Fd = fd };
        return Poll(ref entry, 1, 0) >= 0 && (entry.Ready & POLLNVAL) == 0;
    }

    /// <summary>Whether an eventfd was added to since the last call. It must be one that nobody else reads.</summary>
    public static bool TryTake(int eventFd)
    {
        ulong count = 0;
        return Poll(eventFd, EventSet.In) != EventSet.None && Read(eventFd, ref count, sizeof(ulong)) == sizeof(ulong);
    }

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int fd, ref ulong count, nuint size);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollFd entries, ulong count, int timeout);

    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Ready;
    }
}
