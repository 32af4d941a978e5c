using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace Vigil.Interop;

/// <summary>
/// Asks the kernel whether a file is open for writing, through the refusal of a read lease (<c>fcntl(2)</c>, F_SETLEASE).
/// </summary>
internal static unsafe partial class LeaseNative
{
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const int F_SETSIG = 10;
    private const int F_SETLEASE = 1024;
    private const nint F_RDLCK = 0;
    private const nint F_UNLCK = 2;

    // Ignored by default; the usual signal of a broken lease would end the process.
    private const nint SIGURG = 23;

    /// <summary>
    /// Whether a regular file has a writer: EAGAIN if it has, zero if it has none. Another errno means that it is unknown: the file is
    /// another user's (EACCES), its file system has no leases (EINVAL), or another process holds a write lease on it, whatever its mode of
    /// access (EBUSY).
    /// </summary>
    /// <param name="path">The file, opened with O_PATH.</param>
    /// <remarks>
    /// The lease is held for one system call. A program that opens the file for writing meanwhile waits for its end, or gets EAGAIN with
    /// O_NONBLOCK, and this process gets the signal. NFS 4 and SMB also return EAGAIN while their server has not delegated the file
    /// (nfs4_setlease, cifs_setlease).
    /// </remarks>
    public static int AskForWriter(int path)
    {
        Span<byte> link = stackalloc byte[32];
        _ = Utf8.TryWrite(link, CultureInfo.InvariantCulture, $"/proc/self/fd/{path}\0", out _);
        int fd;
        int errno;
        fixed (byte* start = link)
        {
            do
            {
                fd = open(start, O_NONBLOCK | O_CLOEXEC, 0);
                errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
            }
            while (errno == Errno.EINTR);
        }

        if (fd < 0)
        {
            return errno == Errno.EAGAIN ? Errno.EBUSY : errno;
        }

        if (fcntl(fd, F_SETSIG, SIGURG) < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
        {
            errno = Marshal.GetLastPInvokeError();
        }
        else
        {
            _ = fcntl(fd, F_SETLEASE, F_UNLCK);
        }

        _ = FileNative.Close(fd);
        return errno;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);
}
