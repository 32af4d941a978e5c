namespace Vigil.Polling;

/// <summary>
/// What a loop asks about a registered descriptor, beside what its poller reports. The answers are the kernel's, or those of a recording.
/// For the holder of the loop's claim.
/// </summary>
internal abstract class DescriptorQueries
{
    /// <summary>Whether a number is an open file's.</summary>
    public abstract bool IsOpen(int fd);

    /// <summary>Whether the file reports each change once, so that polling it consumes the change.</summary>
    public abstract bool ReportsChangesOnce(int fd);

    /// <summary>The requested kinds, and error and hang-up, that are there at this moment.</summary>
    public abstract EventSet ReadyNow(int fd, EventSet kinds);

    /// <summary>Whether it is a socket that preserves the boundaries of messages.</summary>
    public abstract bool IsMessageOriented(int fd);

    /// <summary>Whether it is a socket that listens for connections.</summary>
    public abstract bool IsListening(int fd);

    /// <summary>The number of bytes to read; −1 if it has none.</summary>
    public abstract int BytesToRead(int fd);

    /// <summary>Whether it reports an error or a hang-up at this moment.</summary>
    public abstract bool HasErrorOrHangUp(int fd);

    /// <summary>Begins to listen to its announcements; null if that is not possible.</summary>
    public abstract Announcements? Listen(int fd);

    /// <summary>
    /// Whether the poller's answer says that a number names another file than its registration's, or none. EBADF may also be about the
    /// poller itself.
    /// </summary>
    public bool IsOfAnotherFile(int errno, int fd) =>
        errno is Interop.Errno.ENOENT or Interop.Errno.EPERM || (errno == Interop.Errno.EBADF && !IsOpen(fd));
}

/// <summary>Says whether a descriptor became ready since the last question.</summary>
internal abstract class Announcements : IDisposable
{
    /// <summary>Whether something was announced since this was last asked.</summary>
    public abstract bool TryTake();

    public abstract void Dispose();
}
