using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary><c>eventfd(2)</c>.</summary>
internal static partial class EventFdNative
{
    private const int EFD_SEMAPHORE = 1;
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;

    /// <summary>Creates a non-blocking counter; −1 on failure.</summary>
    public static int Create(uint initialValue, bool semaphore, out int errno)
    {
        int fd = eventfd(initialValue, EFD_CLOEXEC | EFD_NONBLOCK | (semaphore ? EFD_SEMAPHORE : 0));
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : Errno.Success;
        return fd;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initialValue, int flags);
}
