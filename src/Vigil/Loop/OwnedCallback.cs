using Vigil.Sources;

namespace Vigil;

/// <summary>
/// A callback that the loop published, with its owner. Made on demand; it reads only what never changes, so any thread may make it.
/// </summary>
/// <param name="Owner">Its owner.</param>
/// <param name="Fd">The descriptor that it is called for, or −1.</param>
internal sealed record OwnedCallback(ICallbackOwner Owner, int Fd)
{
    /// <summary>Describes it for a log.</summary>
    public override string ToString() => Fd >= 0 ? $"{Owner.Description}, fd {Fd}" : Owner.Description;

    /// <param name="subject">The published subject.</param>
    /// <param name="phase">Its phase.</param>
    public static OwnedCallback Of(object subject, LoopPhase phase) => subject switch
    {
        Source source => new OwnedCallback(source.Owner, source.Number),
        ICallbackOwner owner => new OwnedCallback(owner, owner.DescriptorNumber),
        Delegate or Task =>
            new OwnedCallback(new PostedCallback(subject, phase == LoopPhase.Deferred ? FaultOrigin.Deferred : FaultOrigin.PostedWork), -1),
        _ => new OwnedCallback(new PostedCallback(subject, FaultOrigin.Registration), -1),
    };

    // Closures are short-lived but their method stays, so the method is the key.
    private sealed record PostedCallback(object Callback, FaultOrigin FaultOrigin) : ICallbackOwner
    {
        public string MethodName =>
            FaultOrigin == FaultOrigin.Registration ? Callback.GetType().Name : Vigil.MethodName.OfContinuation(Callback);

        public string Description => FaultOrigin switch
        {
            FaultOrigin.Registration => $"the manager itself ({MethodName})",
            FaultOrigin.Deferred => $"a deferred callback ({MethodName})",
            _ => $"posted work ({MethodName})",
        };

        public object Key => MethodName;
    }
}
