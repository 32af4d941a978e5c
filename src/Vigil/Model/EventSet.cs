namespace Vigil;

/// <summary>
/// The kinds of readiness to request and to deliver, and the modes of monitoring.
/// The values are the kernel's own bits (<c>epoll_ctl(2)</c>).
/// </summary>
/// <remarks>
/// <see cref="Error"/> and <see cref="HangUp"/> are unmaskable: they are always delivered, also with
/// <see cref="None"/>. To silence an fd, disarm it.
/// </remarks>
[Flags]
public enum EventSet : uint
{
    /// <summary>No readiness is requested; only <see cref="Error"/> and <see cref="HangUp"/> are delivered.</summary>
    None = 0,

    /// <summary>The fd can be read, or a connection can be accepted (<c>EPOLLIN</c>).</summary>
    In = 0x001,

    /// <summary>An exceptional condition, such as out-of-band data of TCP (<c>EPOLLPRI</c>).</summary>
    Priority = 0x002,

    /// <summary>The fd can be written (<c>EPOLLOUT</c>).</summary>
    Out = 0x004,

    /// <summary>An error is pending, or the reading end of a pipe was closed (<c>EPOLLERR</c>). Always delivered.</summary>
    Error = 0x008,

    /// <summary>Both directions are closed (<c>EPOLLHUP</c>). Data sent before can still be read. Always delivered.</summary>
    HangUp = 0x010,

    /// <summary>The peer closed its writing half (<c>EPOLLRDHUP</c>, Linux 2.6.17).</summary>
    ReadHangUp = 0x2000,

    /// <summary>
    /// If several epoll instances monitor the same file, wakes one or a few, not all (<c>EPOLLEXCLUSIVE</c>, Linux 4.5).
    /// Goes with <see cref="In"/>, <see cref="Out"/>, <see cref="EdgeTriggered"/> and <see cref="WakeUp"/> only, and cannot be modified.
    /// </summary>
    Exclusive = 1u << 28,

    /// <summary>
    /// Keeps the system awake while the event is being handled (<c>EPOLLWAKEUP</c>, Linux 3.5).
    /// Ignored by the kernel without <c>CAP_BLOCK_SUSPEND</c>.
    /// </summary>
    WakeUp = 1u << 29,

    /// <summary>Delivers once, then stays registered but silent until armed or modified again (<c>EPOLLONESHOT</c>).</summary>
    OneShot = 1u << 30,

    /// <summary>
    /// Delivers when the state changes instead of as long as it lasts (<c>EPOLLET</c>).
    /// The owner must read or write until <c>EAGAIN</c>.
    /// </summary>
    EdgeTriggered = 1u << 31,
}
