using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Vigil.Tests;

/// <summary>What tests do to descriptors behind the library's back.</summary>
internal static partial class Posix
{
    private const int O_CLOEXEC = 0x80000;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int AT_FDCWD = -100;
    private const uint RENAME_EXCHANGE = 2;

    public static FdHandle Open(string path) => new(open(path, O_CLOEXEC));

    public static FdHandle Duplicate(FileDescriptor fd) => new(fcntl(fd.Number, F_DUPFD_CLOEXEC, 0));

    /// <summary>
    /// Takes a write lease (<c>fcntl(2)</c>, F_SETLEASE). A program that opens the file waits for the lease's end, or is refused if it does
    /// not wait. False if leases are not supported. The lease's signal is one that is ignored by default.
    /// </summary>
    public static bool TryLeaseForWriting(FileDescriptor fd)
    {
        const int F_SETSIG = 10;
        const int F_SETLEASE = 1024;
        const int F_WRLCK = 1;
        const int SIGURG = 23;
        return fcntl(fd.Number, F_SETSIG, SIGURG) == 0 && fcntl(fd.Number, F_SETLEASE, F_WRLCK) == 0;
    }

    /// <summary>Makes a number name another file, and closes the file that it named.</summary>
    public static void Replace(int number, FileDescriptor by) => Assert.Equal(number, dup3(by.Number, number, O_CLOEXEC));

    /// <summary>Duplicates a descriptor to the lowest free number from another on, where no other code opens any.</summary>
    public static FdHandle DuplicateFrom(FileDescriptor fd, int lowest) => new(fcntl(fd.Number, F_DUPFD_CLOEXEC, lowest));

    /// <summary>Requests the transmit timestamp of each packet, which arrives in the error queue (SO_TIMESTAMPING).</summary>
    public static void RequestSendTimestamps(Socket socket)
    {
        const int SOL_SOCKET = 1;
        const int SO_TIMESTAMPING = 37;
        const int TransmittedBySoftware = 1 << 1;
        const int Software = 1 << 4;
        const int TimestampOnly = 1 << 11;
        socket.SetRawSocketOption(SOL_SOCKET, SO_TIMESTAMPING, BitConverter.GetBytes(TransmittedBySoftware | Software | TimestampOnly));
    }

    /// <summary>Empties a socket's error queue, and returns the number of entries.</summary>
    public static int EmptyErrorQueue(Socket socket)
    {
        int taken = 0;
        while (TakeError(socket))
        {
            taken++;
        }

        return taken;
    }

    /// <summary>Takes one entry from a socket's error queue; false if there is none.</summary>
    public static unsafe bool TakeError(Socket socket)
    {
        const int MSG_DONTWAIT = 0x40;
        const int MSG_ERRQUEUE = 0x2000;
        byte* buffer = stackalloc byte[1024];
        nint* part = stackalloc nint[] { (nint)buffer, 256 };
        nint* header = stackalloc nint[] { 0, 0, (nint)part, 1, (nint)(buffer + 512), 512, 0 };
        return recvmsg((int)socket.Handle, header, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0;
    }

    /// <summary>
    /// Sends from the program's own memory (SO_ZEROCOPY, MSG_ZEROCOPY). The kernel puts a completion into the error queue when it has done
    /// so.
    /// False if it cannot.
    /// </summary>
    public static bool TrySendWithoutCopying(Socket socket, byte[] datagram)
    {
        const int SOL_SOCKET = 1;
        const int SO_ZEROCOPY = 60;
        const int MSG_ZEROCOPY = 0x4000000;
        try
        {
            socket.SetRawSocketOption(SOL_SOCKET, SO_ZEROCOPY, BitConverter.GetBytes(1));
        }
        catch (SocketException)
        {
            return false;
        }

        return send((int)socket.Handle, datagram, datagram.Length, MSG_ZEROCOPY) == datagram.Length;
    }

    /// <summary>Requests all errors of a UDP connection, each of which waits in the error queue (IP_RECVERR).</summary>
    public static void RequestErrors(Socket socket)
    {
        const int SOL_IP = 0;
        const int IP_RECVERR = 11;
        socket.SetRawSocketOption(SOL_IP, IP_RECVERR, BitConverter.GetBytes(1));
    }

    public static int MakeFifo(string path) => mkfifo(path, 0b110_000_000);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    /// <summary>A descriptor of a process (pidfd_open).</summary>
    public static FdHandle OpenProcess(int id) => new((int)syscall(434, id, 0));

    /// <summary>Waits until a child has ended, without reaping it.</summary>
    public static void WaitForZombie(int id)
    {
        const int P_PID = 1;
        const int WEXITED = 4;
        const int WNOWAIT = 0x01000000;
        Assert.Equal(0, waitid(P_PID, id, new byte[128], WEXITED | WNOWAIT));
    }

    /// <summary>Reaps a child, and returns its id.</summary>
    public static int WaitFor(int id) => waitpid(id, out _, 0);

    [LibraryImport("libc")]
    private static unsafe partial nint recvmsg(int fd, nint* header, int flags);

    [LibraryImport("libc")]
    private static partial nint send(int fd, byte[] buffer, nint length, int flags);

    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport("libc")]
    private static partial int waitid(int type, int id, byte[] info, int options);

    [LibraryImport("libc")]
    private static partial int waitpid(int id, out int status, int options);

    /// <summary>Makes a directory whose name need not be UTF-8.</summary>
    public static void MakeDirectory(byte[] path) => Assert.Equal(0, mkdir([.. path, 0], 0b111_101_101));

    public static void RemoveDirectory(byte[] path) => Assert.Equal(0, rmdir([.. path, 0]));

    /// <summary>Exchanges two paths.</summary>
    public static void Exchange(string one, string other) => Assert.Equal(0, renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE));

    /// <summary>rename(2): also of a directory over an empty one, and of a link over a link.</summary>
    public static void Rename(string from, string to) => Assert.Equal(0, renameat2(AT_FDCWD, from, AT_FDCWD, to, 0));

    /// <summary>Makes a hard link.</summary>
    public static void Link(string path, string name) => Assert.Equal(0, link(path, name));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string path, string name);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc")]
    private static partial int dup3(int from, int to, int flags);

    [LibraryImport("libc")]
    private static partial int mkdir(byte[] path, uint mode);

    [LibraryImport("libc")]
    private static partial int rmdir(byte[] path);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);
}
