using Vigil.Sources;

namespace Vigil;

/// <summary>A callback that the loop published, and its owner. Made when somebody wants to know; all that it reads never changes, so any thread may make it.</summary>
/// <param name="Owner">Its owner.</param>
/// <param name="Fd">The number of the file descriptor that it is about, or −1.</param>
internal sealed record OwnedCallback(ICallbackOwner Owner, int Fd)
{
    /// <summary>Who it is, for a log.</summary>
    public override string ToString() => Fd >= 0 ? $"{Owner.Description}, fd {Fd}" : Owner.Description;

    /// <param name="subject">What the loop published.</param>
    /// <param name="phase">In which phase.</param>
    public static OwnedCallback Of(object subject, LoopPhase phase) => subject switch
    {
        Source source => new OwnedCallback(source.Owner, source.Number),
        ICallbackOwner owner => new OwnedCallback(owner, owner.DescriptorNumber),
        Delegate or Task => new OwnedCallback(new PostedCallback(subject, phase == LoopPhase.Deferred ? FaultOrigin.Deferred : FaultOrigin.PostedWork), -1),
        _ => new OwnedCallback(new PostedCallback(subject, FaultOrigin.Registration), -1),
    };

    // Closures come and go, and their method stays: so the key is the method.
    private sealed record PostedCallback(object Callback, FaultOrigin FaultOrigin) : ICallbackOwner
    {
        public string MethodName => FaultOrigin == FaultOrigin.Registration ? Callback.GetType().Name : Vigil.MethodName.OfContinuation(Callback);

        public string Description => FaultOrigin switch
        {
            FaultOrigin.Registration => $"the manager itself ({MethodName})",
            FaultOrigin.Deferred => $"a deferred callback ({MethodName})",
            _ => $"posted work ({MethodName})",
        };

        public object Key => MethodName;
    }
}
