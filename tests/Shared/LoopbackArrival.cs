using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Vigil.Tests.Shared;

/// <summary>
/// Waits for data and connections on the loopback interface. A busy kernel may deliver them after the sending call has returned, and a
/// connection is complete for its client before it can be accepted.
/// </summary>
internal static unsafe partial class LoopbackArrival
{
    private const short POLLIN = 1;
    private const int EINTR = 4;
    private const int SOL_SOCKET = 1;
    private const int SO_MEMINFO = 55;

    // Reached only by a test that fails.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a descriptor is readable, or, if it listens, has a connection.</summary>
    public static void Await(FileDescriptor fd) => Await(fd, POLLIN);

    /// <summary>Waits until a socket has an error, such as the refusal of its peer.</summary>
    public static void AwaitError(FileDescriptor fd) => Await(fd, requested: 0);

    /// <summary>Sends one datagram and waits until it is in the receiver's queue, which must not be read meanwhile.</summary>
    public static void AwaitDatagram(Socket receiver, Action send)
    {
        uint before = QueuedBytes(receiver);
        send();
        if (!SpinWait.SpinUntil(() => QueuedBytes(receiver) > before, Limit))
        {
            throw new InvalidOperationException("The datagram did not arrive.");
        }
    }

    // Errors are always waited for.
    private static void Await(FileDescriptor fd, short requested)
    {
        var entry = new PollFd { Fd = fd.Number, Requested = requested };
        int ready;
        do
        {
            ready = poll(&entry, 1, (int)Limit.TotalMilliseconds);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == EINTR);

        if (ready != 1)
        {
            throw new InvalidOperationException($"Nothing arrived at {fd}.");
        }
    }

    // The memory that is charged for what the receiver has queued (SK_MEMINFO_RMEM_ALLOC, the first of nine figures).
    private static uint QueuedBytes(Socket socket)
    {
        uint* figures = stackalloc uint[9];
        int length = 9 * sizeof(uint);
        return getsockopt((int)socket.Handle, SOL_SOCKET, SO_MEMINFO, figures, &length) == 0
            ? figures[0]
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int option, void* value, int* length);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Requested;
        public short Returned;
    }
}
