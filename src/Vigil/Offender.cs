using Vigil.Sources;

namespace Vigil;

/// <summary>Whose callback a loop published, in words and as what can be removed. Made when a callback was too slow; all that it reads never changes, so any thread may make it.</summary>
/// <param name="Origin">What its faults are reported as.</param>
/// <param name="Method">The method that is called.</param>
internal sealed record Offender(FaultOrigin Origin, string Method)
{
    public Subscriber? Subscriber { get; private init; }

    public CallbackEvent? Event { get; private init; }

    public HookRegistration? Hook { get; private init; }

    public int Fd { get; private init; } = -1;

    /// <summary>What compares equal for the same owner. Closures come and go, and their method stays.</summary>
    public object Key => (object?)Event ?? (object?)Hook ?? (Subscriber is null ? Method : Subscriber.Id);

    /// <summary>Who it is, for a log.</summary>
    public override string ToString()
    {
        string fd = Fd >= 0 ? $", fd {Fd}" : "";
        return this switch
        {
            { Subscriber: { } subscriber } => $"{Method} of subscriber {subscriber.Id}{fd}",
            { Event: { } callbackEvent } => $"{callbackEvent}{fd}",
            { Origin: FaultOrigin.Registration } => $"the manager itself ({Method})",
            { Origin: FaultOrigin.Deferred } => $"a deferred callback ({Method})",
            { Origin: FaultOrigin.Hook } => $"a hook ({Method})",
            { Origin: FaultOrigin.TimeProvider } => $"a timer of the TimeProvider ({Method})",
            { Origin: FaultOrigin.ClockStep } => $"a handler of WallClockStepped ({Method})",
            _ => $"posted work ({Method})",
        };
    }

    /// <param name="subject">What the loop published.</param>
    /// <param name="phase">In which phase.</param>
    public static Offender Of(object subject, LoopPhase phase) => subject switch
    {
        Source source => OfSource(source),
        CallbackEvent callbackEvent => OfEvent(callbackEvent, fd: -1),
        HookRegistration hook => new Offender(FaultOrigin.Hook, MethodName.Of(hook.Callback)) { Hook = hook },
        PendingCall call => new Offender(FaultOrigin.PostedWork, MethodName.Of(call.Callback)),
        ProvidedTimer timer => new Offender(FaultOrigin.TimeProvider, MethodName.Of(timer.Callback)),

        // Whoever awaits a delay goes on within the timer's turn, and the runtime does not tell who that is.
        DelayTimer => new Offender(FaultOrigin.PostedWork, "what awaits EventManager.Delay"),
        EventHandler<ClockStep> handler => new Offender(FaultOrigin.ClockStep, MethodName.Of(handler)),
        Delegate or Task => new Offender(phase == LoopPhase.Deferred ? FaultOrigin.Deferred : FaultOrigin.PostedWork, MethodName.OfContinuation(subject)),
        _ => new Offender(FaultOrigin.Registration, subject.GetType().Name),
    };

    private static Offender OfSource(Source source) => source.Owner switch
    {
        Subscriber subscriber => new Offender(FaultOrigin.Subscriber, MethodName.Of(subscriber.Target, nameof(IEventSubscriber.Process))) { Subscriber = subscriber, Fd = source.Number },
        CallbackEvent callbackEvent => OfEvent(callbackEvent, source.Number),
        _ => new Offender(FaultOrigin.Registration, source.GetType().Name),
    };

    private static Offender OfEvent(CallbackEvent callbackEvent, int fd) =>
        new(callbackEvent.FaultOrigin, MethodName.Of(callbackEvent.Callback)) { Event = callbackEvent, Fd = fd };
}
