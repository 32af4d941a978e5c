using System.Diagnostics;
using Vigil.Diagnostics;
using Vigil.Messaging;

namespace Vigil;

/// <summary>A closure on its way to the loop whose sender expects its outcome.</summary>
internal abstract class PendingCall : ICallbackOwner, IMailboxItem
{
    // The sender's context; null for the default one.
    private readonly ExecutionContext? _context = AmbientContext.Flowing;

    // Whether somebody listened to activities when it was sent, and its sender had one.
    private readonly bool _isTraced;

    protected PendingCall(LoopCore core)
    {
        Core = core;
        _isTraced = _context is not null && CallbackActivity.IsWantedHere;
    }

    /// <summary>The user's delegate.</summary>
    public abstract Delegate Callback { get; }

    /// <summary>How it was sent, for its activity.</summary>
    public abstract string Kind { get; }

    /// <summary>The loop that runs it.</summary>
    protected LoopCore Core { get; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.PostedWork;

    string ICallbackOwner.MethodName => MethodName.Of(Callback);

    string ICallbackOwner.Description => $"posted work ({MethodName.Of(Callback)})";

    // Calls come and go; their method stays.
    object ICallbackOwner.Key => MethodName.Of(Callback);

    /// <summary>Runs it on the loop. Its exception goes to the sender. False if the sender gave it up before, and it did not run.</summary>
    public abstract bool Run(EventManager manager);

    /// <summary>Notifies the sender that the manager was disposed, unless the call has already ended.</summary>
    public abstract void Fail(ObjectDisposedException exception);

    /// <summary>
    /// The sender stops waiting. A call that has begun continues, and its exceptions go to the fault policy. False if the call has already
    /// ended: then the sender gets its result.
    /// </summary>
    public abstract bool TryAbandon();

    public static ObjectDisposedException DisposedBeforeRun() =>
        new(nameof(EventManager), "The event manager was disposed before it ran this call.");

    /// <summary>Called when it begins: its activity, which it ends before its sender gets the outcome; null if it has none.</summary>
    protected Activity? StartActivity() => _isTraced ? CallbackActivity.StartCall(Core.Name, Callback, Kind) : null;

    int IMailboxItem.Deliver()
    {
        if (_context is not null)
        {
            AmbientContext.Enter(_context);
        }

        return Run(Core.Manager) ? 1 : 0;
    }

    bool IMailboxItem.Abandon()
    {
        Fail(DisposedBeforeRun());
        return true;
    }
}
