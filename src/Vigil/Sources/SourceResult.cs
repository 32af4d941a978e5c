namespace Vigil.Sources;

/// <summary>The result of an operation on the table: an error or success, its fd and errno, and the fd's owner.</summary>
internal readonly record struct SourceResult(EventManagerError Error, int Fd = -1, int Errno = 0, object? Owner = null)
{
    public static SourceResult Success => default;

    public bool IsSuccess => Error == EventManagerError.None;

    /// <summary>Whether the number does not name the registered file any more: the file was closed without removing it.</summary>
    public bool IsOfDeadNumber =>
        Error is EventManagerError.NotRegistered or EventManagerError.InvalidDescriptor or EventManagerError.NotPollable;

    /// <summary>Translates the kernel's refusal of an operation on a registration.</summary>
    public static SourceResult FromErrno(int errno, int number, object? holder) => new(
        errno switch
        {
            Interop.Errno.EEXIST => EventManagerError.AlreadyRegistered,
            Interop.Errno.ENOENT => EventManagerError.NotRegistered,
            Interop.Errno.EBADF => EventManagerError.InvalidDescriptor,
            Interop.Errno.EPERM => EventManagerError.NotPollable,
            Interop.Errno.ENOSPC or Interop.Errno.ENOMEM => EventManagerError.LimitReached,
            _ => EventManagerError.System,
        },
        number,
        errno,
        holder);

    public void ThrowIfFailed(EventSet interest = EventSet.None)
    {
        if (!IsSuccess)
        {
            throw ToException(interest);
        }
    }

    /// <summary>The exception to throw or report for a failure.</summary>
    /// <param name="interest">The requested interest.</param>
    public EventManagerException ToException(EventSet interest) => new(Error, Describe(interest), Fd, Errno);

    private string Describe(EventSet interest) => Error switch
    {
        EventManagerError.InvalidDescriptor when Errno == 0 =>
            $"The file descriptor is not open: its handle is closed or invalid (fd {Fd}).",
        EventManagerError.InvalidDescriptor =>
            $"fd {Fd} is not open: {Interop.Errno.Describe(Errno)}. Remove a descriptor before closing it.",
        EventManagerError.InvalidInterest =>
            $"The event set {interest} cannot be asked for (fd {Fd}). "
                + "Exclusive goes with In, Out, EdgeTriggered and WakeUp only; other bits must be those of EventSet.",
        EventManagerError.AlreadyRegistered =>
            $"fd {Fd} is already registered, by {Owner}. A file descriptor has one owner; use Modify, or Remove it there first.",
        EventManagerError.NotRegistered =>
            $"fd {Fd} is not registered here{(Errno == 0 ? "" : $": {Interop.Errno.Describe(Errno)}")}. "
                + "If it was registered through another handle object, name it by that one.",
        EventManagerError.NotOwner =>
            $"fd {Fd} is registered by {Owner}, which alone can change it.",
        EventManagerError.NotPollable =>
            $"fd {Fd} cannot be waited for: {Interop.Errno.Describe(Errno)}. "
                + "Regular files and directories are always ready; epoll refuses them. Read them on a worker.",
        EventManagerError.ExclusiveNotModifiable =>
            $"fd {Fd}: an exclusive registration cannot be modified, nor a registration made exclusive. Remove and add it.",
        EventManagerError.LimitReached =>
            $"fd {Fd} cannot be registered: {Interop.Errno.Describe(Errno)}. The limit of watches is /proc/sys/fs/epoll/max_user_watches.",
        _ => $"The kernel refused fd {Fd} with {interest}: {Interop.Errno.Describe(Errno)}.",
    };
}
