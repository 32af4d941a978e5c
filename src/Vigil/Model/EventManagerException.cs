namespace Vigil;

/// <summary>
/// A failed operation of an event manager: what failed, which fd and which errno.
/// An operation that throws it has changed nothing.
/// </summary>
public sealed class EventManagerException : Exception
{
    /// <summary>An error without further details.</summary>
    public EventManagerException()
        : this(EventManagerError.System, "The event manager failed.")
    {
    }

    /// <summary>An error with a message.</summary>
    /// <param name="message">What went wrong.</param>
    public EventManagerException(string message)
        : this(EventManagerError.System, message)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="innerException">The cause.</param>
    public EventManagerException(string message, Exception innerException)
        : base(message, innerException)
    {
        Error = EventManagerError.System;
    }

    /// <summary>An error with its kind, fd and errno.</summary>
    /// <param name="error">The kind.</param>
    /// <param name="message">What went wrong and what to do.</param>
    /// <param name="fd">The fd's number; null if there is none.</param>
    /// <param name="errno">The kernel's error number, or 0 if the kernel was not asked.</param>
    public EventManagerException(EventManagerError error, string message, int? fd = null, int errno = 0)
        : base(message)
    {
        Error = error;
        Fd = fd >= 0 ? fd : null;
        Errno = errno;
    }

    /// <summary>What failed.</summary>
    public EventManagerError Error { get; }

    /// <summary>The kernel's error number (<c>errno(3)</c>), or 0 if the kernel was not asked.</summary>
    public int Errno { get; }

    /// <summary>The number of the file descriptor; null if there is none, or the given number was negative.</summary>
    public int? Fd { get; }
}
