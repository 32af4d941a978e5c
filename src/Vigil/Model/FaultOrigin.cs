namespace Vigil;

/// <summary>
/// Where a fault came from. Beside what each says: a callback that exceeded its budget, under a <see cref="SlowCallbackPolicy"/> that acts on it
/// (<see cref="EventManagerError.CallbackOverran"/>), and one that workers refused (<see cref="EventManagerError.WorkQueueFull"/>), are told with their own origin.
/// </summary>
public enum FaultOrigin
{
    /// <summary>A subscriber's <see cref="IEventSubscriber.Process"/> threw, or its disposal.</summary>
    Subscriber,

    /// <summary>The callback of a <see cref="SocketEvent"/> threw.</summary>
    SocketEvent,

    /// <summary>A closure that was fired, a continuation, or an <c>async void</c> method threw, or closures were left over at disposal.</summary>
    PostedWork,

    /// <summary>A deferred callback threw.</summary>
    Deferred,

    /// <summary>A prepare, check or idle hook, or an exit callback, threw.</summary>
    Hook,

    /// <summary>The callback of a <see cref="TimerEvent"/> threw.</summary>
    TimerEvent,

    /// <summary>The callback of a <see cref="SignalEvent"/> threw.</summary>
    SignalEvent,

    /// <summary>The callback of a <see cref="ChildEvent"/> threw, its process could not be killed, or the kernel did not say how it ended.</summary>
    ChildEvent,

    /// <summary>The callback of a <see cref="UserEvent"/> threw.</summary>
    UserEvent,

    /// <summary>The callback of a <see cref="FileEvent"/> threw.</summary>
    FileEvent,

    /// <summary>Work that was sent by <c>ExecuteWork</c> threw, and no task has its exception.</summary>
    Work,

    /// <summary>
    /// The callback of a timer of <see cref="EventManager.TimeProvider"/> threw, or an <see cref="EventManagerOptions.TimeProvider"/> that measured the timeout of a call, or
    /// had to take over a timer after the manager's disposal.
    /// </summary>
    TimeProvider,

    /// <summary>A handler of <see cref="EventManager.WallClockStepped"/> threw.</summary>
    ClockStep,

    /// <summary>
    /// No callback threw, but a registration went wrong: its handle was closed or its number replaced, it spun and was disarmed, an orphan
    /// was got rid of, an event could not be watched again after its callback on a worker, or a directory of a watched tree cannot be watched. <see cref="EventManagerException.Error"/>
    /// of the exception says which. Also what one of the manager's own sources threw, whose faults are dealt with like those of callbacks: an <see cref="EventManagerOptions.TimeProvider"/>
    /// that throws, say.
    /// </summary>
    Registration,

    /// <summary>A step of the manager's disposal threw: an <see cref="EventManagerOptions.TimeProvider"/> whose timer cannot be disposed, say. The other steps were done all the same.</summary>
    Disposal,
}
