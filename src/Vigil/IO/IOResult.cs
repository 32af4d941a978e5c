namespace Vigil.IO;

/// <summary>
/// The result of one non-blocking call: a count, "would block", or an errno. Everyday failures of peers throw no exception.
/// </summary>
/// <param name="Count">The number of bytes moved.</param>
/// <param name="Errno">0, or the kernel's error number (<c>errno(3)</c>).</param>
public readonly record struct IOResult(int Count, int Errno)
{
    /// <summary>The call succeeded. When reading a stream, a <see cref="Count"/> of 0 then means that the peer sends no more.</summary>
    public bool IsSuccess => Errno == Interop.Errno.Success;

    /// <summary>Nothing can be moved now; wait for readiness (<c>EAGAIN</c>).</summary>
    public bool WouldBlock => Errno == Interop.Errno.EAGAIN;

    /// <summary>
    /// The peer of a stream sends no more: a read succeeded with no bytes. For a socket that preserves message boundaries it means only
    /// that the message was empty.
    /// </summary>
    public bool IsEndOfStream => IsSuccess && Count == 0;

    /// <summary>The call failed other than by <see cref="WouldBlock"/>.</summary>
    public bool IsFailure => !IsSuccess && !WouldBlock;

    /// <summary>
    /// The process or the system has no descriptors left (<c>EMFILE</c>, <c>ENFILE</c>): close some, or wait until some are closed.
    /// </summary>
    public bool IsOutOfDescriptors => Errno is Interop.Errno.EMFILE or Interop.Errno.ENFILE;

    /// <summary>The system's text for the error.</summary>
    public string Description => Interop.Errno.Describe(Errno);

    /// <summary>Throws if the call failed; <see cref="WouldBlock"/> is not a failure.</summary>
    /// <param name="call">Names the attempted call, for the message.</param>
    /// <exception cref="ObjectDisposedException">The handle is closed or the number is not open (<c>EBADF</c>).</exception>
    /// <exception cref="EventManagerException">Any other failure, with its errno.</exception>
    public void ThrowIfFailed(string call)
    {
        if (!IsFailure)
        {
            return;
        }

        throw Errno == Interop.Errno.EBADF
            ? new ObjectDisposedException(call, $"{call} failed: the file descriptor is closed.")
            : FdHandle.Failed(call, Errno);
    }

    internal static IOResult From(int count, int errno) => new(Math.Max(count, 0), errno);
}
