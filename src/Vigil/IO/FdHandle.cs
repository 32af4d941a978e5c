using Microsoft.Win32.SafeHandles;
using Vigil.Interop;

namespace Vigil.IO;

/// <summary>Owns a file descriptor of any kind and closes it with <c>close(2)</c>, which for a connection is an orderly end.</summary>
/// <remarks>
/// To hand a descriptor that was received here to <see cref="System.Net.Sockets.Socket"/>, create the socket over a
/// <c>SafeSocketHandle</c> of its own and mark this one invalid.
/// </remarks>
public class FdHandle : SafeHandleMinusOneIsInvalid
{
    /// <summary>Takes over a descriptor.</summary>
    /// <param name="fd">Its number, zero or more.</param>
    /// <param name="ownsHandle">Whether disposing closes it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fd"/> is negative.</exception>
    public FdHandle(int fd, bool ownsHandle = true)
        : base(ownsHandle)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fd);
        SetHandle(fd);
    }

    internal int Number => (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => FileNative.Close((int)handle) is Errno.Success or Errno.EINTR;

    /// <summary>The number that a creating call returned, or an exception that says which call failed and how.</summary>
    internal static int Created(int fd, int errno, string call) => errno == Errno.Success ? fd : throw Failed(call, errno);

    internal static EventManagerException Failed(string call, int errno) => errno is Errno.EMFILE or Errno.ENFILE
        ? new(EventManagerError.System, $"{call} failed: {Errno.Describe(errno)}. Raise the limit of open files (ulimit -n, LimitNOFILE=) or close some.", errno: errno)
        : new(EventManagerError.System, $"{call} failed: {Errno.Describe(errno)}.", errno: errno);
}
