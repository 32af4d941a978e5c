namespace Vigil;

/// <summary>
/// Where a fault came from. Two kinds of fault are reported with the origin of their callback: a callback that exceeded its budget, under a
/// <see cref="SlowCallbackPolicy"/> that acts on it (<see cref="EventManagerError.CallbackOverran"/>), and one that workers refused
/// (<see cref="EventManagerError.WorkQueueFull"/>).
/// </summary>
public enum FaultOrigin
{
    /// <summary>A subscriber's <see cref="IEventSubscriber.Process"/> threw, or its disposal.</summary>
    Subscriber,

    /// <summary>The callback of a <see cref="SocketEvent"/> threw.</summary>
    SocketEvent,

    /// <summary>A posted closure, a continuation or an <c>async void</c> method threw, or closures were left at disposal.</summary>
    PostedWork,

    /// <summary>A deferred callback threw.</summary>
    Deferred,

    /// <summary>A prepare, check or idle hook, or an exit callback, threw.</summary>
    Hook,

    /// <summary>The callback of a <see cref="TimerEvent"/> threw.</summary>
    TimerEvent,

    /// <summary>The callback of a <see cref="SignalEvent"/> threw.</summary>
    SignalEvent,

    /// <summary>
    /// The callback of a <see cref="ChildEvent"/> threw, its process could not be killed, or the kernel did not report how it ended.
    /// </summary>
    ChildEvent,

    /// <summary>The callback of a <see cref="UserEvent"/> threw.</summary>
    UserEvent,

    /// <summary>The callback of a <see cref="FileEvent"/> threw.</summary>
    FileEvent,

    /// <summary>Work that was sent by <c>ExecuteWork</c> threw, and no task has its exception.</summary>
    Work,

    /// <summary>
    /// The callback of a timer of <see cref="EventManager.TimeProvider"/> threw; or an <see cref="EventManagerOptions.TimeProvider"/> threw
    /// that measured the timeout of a call, or had to take over a timer after the manager's disposal.
    /// </summary>
    TimeProvider,

    /// <summary>A handler of <see cref="EventManager.WallClockStepped"/> threw.</summary>
    ClockStep,

    /// <summary>
    /// No callback threw, but a registration failed: its handle was closed or its number replaced, it spun and was disarmed, an orphan
    /// was removed, an event could not be re-armed after its callback on a worker, or a directory of a watched tree cannot be watched. The
    /// exception's <see cref="EventManagerException.Error"/> says which. Also exceptions of the manager's own sources, for example from an
    /// <see cref="EventManagerOptions.TimeProvider"/>; they are handled like those of callbacks.
    /// </summary>
    Registration,

    /// <summary>
    /// A step of the manager's disposal threw, for example because the timer of an <see cref="EventManagerOptions.TimeProvider"/> cannot be
    /// disposed. The other steps were completed.
    /// </summary>
    Disposal,

    /// <summary>
    /// The <see cref="EventManagerOptions.Recorder"/> cannot write any more, so that nothing is recorded; or a replay has diverged and no
    /// iteration followed that would have thrown it (<see cref="ReplayDivergedException"/>).
    /// </summary>
    Recorder,
}
