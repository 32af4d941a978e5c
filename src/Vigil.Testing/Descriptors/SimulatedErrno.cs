namespace Vigil.Testing;

/// <summary>
/// The kernel's error numbers that simulated calls return (<c>errno(3)</c>). They are the same on all processors that .NET runs on.
/// </summary>
internal static class SimulatedErrno
{
    public const int ENOENT = 2;
    public const int ESRCH = 3;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int EEXIST = 17;
    public const int EPERM = 1;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int EMFILE = 24;
    public const int ENOSPC = 28;
    public const int EPIPE = 32;
    public const int ENOTSOCK = 88;
    public const int EDESTADDRREQ = 89;
    public const int EMSGSIZE = 90;
    public const int ECONNRESET = 104;
    public const int ECONNREFUSED = 111;
}
