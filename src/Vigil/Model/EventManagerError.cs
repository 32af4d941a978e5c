namespace Vigil;

/// <summary>Why an operation of an event manager failed.</summary>
public enum EventManagerError
{
    /// <summary>Nothing failed.</summary>
    None = 0,

    /// <summary>The fd is <c>default</c>, its handle is closed or invalid, or its number is not open (<c>EBADF</c>).</summary>
    InvalidDescriptor,

    /// <summary>
    /// The event set has unknown bits or a combination that the kernel refuses, such as <see cref="EventSet.Exclusive"/> with
    /// <see cref="EventSet.OneShot"/>.
    /// </summary>
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
    /// A limit of the kernel's (<c>/proc/sys/fs/epoll/max_user_watches</c>, <c>/proc/sys/fs/inotify/max_user_watches</c> and
    /// <c>max_user_instances</c>; <c>ENOSPC</c>, <c>EMFILE</c>) or its memory (<c>ENOMEM</c>) is exhausted, or no thread could be started
    /// (<c>EAGAIN</c>).
    /// </summary>
    LimitReached,

    /// <summary>The subscriber is unknown to this manager or was removed.</summary>
    SubscriberNotFound,

    /// <summary>The subscriber is of another type than requested.</summary>
    SubscriberTypeMismatch,

    /// <summary>The call came from a thread that does not run the manager; use its remote endpoint.</summary>
    WrongThread,

    /// <summary>
    /// The call would wait for the loop on the loop's own thread, run it inside a callback, or end a worker pool from one of its threads.
    /// </summary>
    Reentrant,

    /// <summary>The mailbox holds as many messages as <c>EventManagerOptions.MailboxCapacity</c> allows.</summary>
    MailboxFull,

    /// <summary>The worker pool's queue is full, or the pool is shutting down.</summary>
    WorkQueueFull,

    /// <summary>A source reported Error or HangUp in many iterations in a row without a reaction of its owner, and was disarmed.</summary>
    Spinning,

    /// <summary>A callback took longer than its budget, and the watchdog's policy detaches its owner or stops the run.</summary>
    CallbackOverran,

    /// <summary>The handle of a registered fd was closed without removing it; its registration was dropped.</summary>
    HandleClosed,

    /// <summary>A registered fd was closed and its number reused; the old registration was dropped.</summary>
    DescriptorReplaced,

    /// <summary>
    /// Events came from a registration that was removed but is kept alive by a duplicate of its fd; a new epoll instance was built.
    /// </summary>
    OrphanedRegistration,

    /// <summary>A program on this runtime cannot handle the signal: it is reserved by the kernel, the C library or the runtime.</summary>
    SignalReserved,

    /// <summary>The signal is ignored (<c>nohup</c>, <c>&amp;</c> in a script) and never arrives.</summary>
    SignalIgnored,

    /// <summary>The signal is blocked on some threads and not on others, or must not be blocked.</summary>
    SignalBlocked,

    /// <summary>There is no such process: it has ended and was waited for (<c>ESRCH</c>).</summary>
    ProcessNotFound,

    /// <summary>A path to watch leads neither to a directory nor to a name in one (<c>ENOENT</c>, <c>ENOTDIR</c>).</summary>
    PathNotFound,

    /// <summary>Permission to read a path to watch is denied (<c>EACCES</c>).</summary>
    AccessDenied,

    /// <summary>The manager was disposed before the message was handled.</summary>
    Disposed,

    /// <summary>A call to the kernel failed; the errno says how.</summary>
    System,

    /// <summary>Real-time signals were dropped: too many waited for a loop, or for a callback that had not ended.</summary>
    SignalsLost,

    /// <summary>
    /// A variable of the environment, which the program's starter has set, cannot be used; the message names it and its value.
    /// </summary>
    InvalidEnvironment,
}
