namespace Vigil;

/// <summary>Why an operation of an event manager failed.</summary>
public enum EventManagerError
{
    /// <summary>Nothing failed.</summary>
    None = 0,

    /// <summary>The fd is <c>default</c>, its handle is closed or invalid, or its number is not open (<c>EBADF</c>).</summary>
    InvalidDescriptor,

    /// <summary>The event set has unknown bits or a combination that the kernel refuses, such as <see cref="EventSet.Exclusive"/> with <see cref="EventSet.OneShot"/>.</summary>
    InvalidInterest,

    /// <summary>The fd is already registered with this manager; an fd has one owner.</summary>
    AlreadyRegistered,

    /// <summary>The fd is not registered with this manager.</summary>
    NotRegistered,

    /// <summary>The fd is registered, but with another owner.</summary>
    NotOwner,

    /// <summary>The file cannot be waited for: regular files and directories are always ready (<c>EPERM</c>).</summary>
    NotPollable,

    /// <summary>An fd registered with <see cref="EventSet.Exclusive"/> cannot be modified (<c>EINVAL</c>); remove and add it.</summary>
    ExclusiveNotModifiable,

    /// <summary>
    /// A limit of the kernel's (<c>/proc/sys/fs/epoll/max_user_watches</c>, <c>/proc/sys/fs/inotify/max_user_watches</c> and <c>max_user_instances</c>;
    /// <c>ENOSPC</c>, <c>EMFILE</c>) or its memory (<c>ENOMEM</c>) is exhausted, or no thread could be started (<c>EAGAIN</c>).
    /// </summary>
    LimitReached,

    /// <summary>The subscriber is unknown to this manager or was removed.</summary>
    SubscriberNotFound,

    /// <summary>The subscriber is of another type than the one asked for.</summary>
    SubscriberTypeMismatch,

    /// <summary>The call came from a thread that does not run the manager; use its remote endpoint.</summary>
    WrongThread,

    /// <summary>The call would wait for the loop on the loop's own thread, or run it inside a callback, or end a worker pool from a thread of its own.</summary>
    Reentrant,

    /// <summary>The mailbox holds as many messages as <c>EventManagerOptions.MailboxCapacity</c> allows.</summary>
    MailboxFull,

    /// <summary>As much work waits for the worker pool as may, or the pool ends.</summary>
    WorkQueueFull,

    /// <summary>A source reported Error or HangUp turn after turn without its owner doing anything about it, and was disarmed.</summary>
    Spinning,

    /// <summary>A callback took longer than its budget, and the watchdog's policy detaches its owner or stops the run.</summary>
    CallbackOverran,

    /// <summary>The handle of a registered fd was closed without removing it; its registration was dropped.</summary>
    HandleClosed,

    /// <summary>A registered fd was closed and its number given out again; the old registration was dropped.</summary>
    DescriptorReplaced,

    /// <summary>Events came from a registration that was removed but is kept alive by a duplicate of its fd; a new epoll instance was built.</summary>
    OrphanedRegistration,

    /// <summary>The signal cannot be handled by a program on this runtime: it is the kernel's, the C library's or the runtime's own.</summary>
    SignalReserved,

    /// <summary>The signal is ignored (<c>nohup</c>, <c>&amp;</c> in a script) and never arrives.</summary>
    SignalIgnored,

    /// <summary>The signal is blocked on some threads and not on others, or must not be blocked.</summary>
    SignalBlocked,

    /// <summary>Real-time signals were dropped: as many waited for a loop, or for a callback that had not ended, as may.</summary>
    SignalsLost,

    /// <summary>There is no such process: it has ended and was waited for (<c>ESRCH</c>).</summary>
    ProcessNotFound,

    /// <summary>A path to watch does not lead to a directory, nor to a name in one (<c>ENOENT</c>, <c>ENOTDIR</c>).</summary>
    PathNotFound,

    /// <summary>A path to watch may not be read (<c>EACCES</c>).</summary>
    AccessDenied,

    /// <summary>The manager was disposed before the message was handled.</summary>
    Disposed,

    /// <summary>A call to the kernel failed; the errno says how.</summary>
    System,
}
