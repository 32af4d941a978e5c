using System.Runtime.InteropServices;

namespace Vigil.Interop;

/// <summary>
/// The error numbers that Vigil checks for, the same on every architecture that .NET supports (<c>asm-generic/errno.h</c>).
/// </summary>
internal static class Errno
{
    public const int Success = 0;
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int ESRCH = 3;
    public const int EINTR = 4;
    public const int ENXIO = 6;
    public const int EBADF = 9;
    public const int ECHILD = 10;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int ENODEV = 19;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int EFBIG = 27;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int ENOSYS = 38;
    public const int ELOOP = 40;
    public const int ENOTSOCK = 88;
    public const int EPROTONOSUPPORT = 93;
    public const int ESOCKTNOSUPPORT = 94;
    public const int EAFNOSUPPORT = 97;
    public const int ECONNABORTED = 103;
    public const int ENOBUFS = 105;
    public const int ETOOMANYREFS = 109;
    public const int EINPROGRESS = 115;
    public const int EDQUOT = 122;
    public const int ECANCELED = 125;

    /// <summary>The system's text with the number, for messages.</summary>
    public static string Describe(int errno) => $"{Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
}
