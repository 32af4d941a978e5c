using Vigil.Messaging;

namespace Vigil;

/// <summary>A closure on its way to the loop whose sender wants to know what became of it.</summary>
internal abstract class PendingCall : ICallbackOwner
{
    // Its sender's; null for the default one.
    private readonly ExecutionContext? _context = AmbientContext.Flowing;

    /// <summary>What the user wants to have run.</summary>
    public abstract Delegate Callback { get; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.PostedWork;

    string ICallbackOwner.MethodName => MethodName.Of(Callback);

    string ICallbackOwner.Description => $"posted work ({MethodName.Of(Callback)})";

    // Calls come and go, and their method stays.
    object ICallbackOwner.Key => MethodName.Of(Callback);

    /// <summary>Runs it on the loop. What it throws goes to its sender.</summary>
    public abstract void Run(EventManager manager);

    /// <summary>Tells its sender that the manager is gone, unless it was told something already.</summary>
    public abstract void Fail(ObjectDisposedException exception);

    /// <summary>
    /// Its sender does not wait any longer. If it began it goes on, and what it throws then is the fault policy's. False where the call is over already:
    /// then its result is its sender's.
    /// </summary>
    public abstract bool TryAbandon();

    public static ObjectDisposedException DisposedBeforeRun() =>
        new(nameof(EventManager), "The event manager was disposed before it got to this call.");

    public Message<EventManager> ToMessage() => new(Kind.Instance, this);

    private sealed class Kind : MessageKind<EventManager>
    {
        public static readonly Kind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message)
        {
            var call = (PendingCall)message.Action;
            if (call._context is { } context)
            {
                AmbientContext.Enter(context);
            }

            call.Run(target);
            return 1;
        }

        public override bool Abandon(in Message<EventManager> message)
        {
            ((PendingCall)message.Action).Fail(DisposedBeforeRun());
            return true;
        }
    }
}
