using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// A registered hook or exit callback. Disposing it ends the registration; on the loop's thread at once, even while hooks run.
/// </summary>
public sealed class HookRegistration : IDisposable, ICallbackOwner, IMailboxItem
{
    private readonly LoopCore _core;
    private readonly CallbackList _list;

    internal HookRegistration(LoopCore core, CallbackList list, Action<EventManager> callback)
    {
        _core = core;
        _list = list;
        Callback = callback;
    }

    internal Action<EventManager> Callback { get; }

    /// <summary>Its creator's execution context; null for the default one.</summary>
    internal ExecutionContext? Context { get; } = AmbientContext.Flowing;

    internal bool IsRemoved { get; private set; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.Hook;

    string ICallbackOwner.MethodName => MethodName.Of(Callback);

    string ICallbackOwner.Description => $"a hook ({MethodName.Of(Callback)})";

    internal void Call(EventManager manager)
    {
        if (IsRemoved)
        {
            return;
        }

        if (Context is { } context)
        {
            AmbientContext.Enter(context);
        }

        Callback(manager);
    }

    /// <summary>
    /// Ends the registration, and never throws. Does nothing when called again, or when the manager is disposed or being disposed. Any
    /// thread: if another thread runs the manager, that thread ends the registration with its next messages.
    /// </summary>
    public void Dispose()
    {
        if (IsRemoved)
        {
            return;
        }

        try
        {
            Remove();
        }
        catch (EventManagerException exception) when (exception.Error == EventManagerError.WrongThread)
        {
            _core.Mailbox.PostUnbounded(this);
        }
        catch (ObjectDisposedException)
        {
            // Another thread runs the manager for the last time. The registration ends with the manager.
        }
    }

    int IMailboxItem.Deliver()
    {
        Remove();
        return 0;
    }

    // The registration ended with the manager.
    bool IMailboxItem.Abandon() => true;

    bool ICallbackOwner.IsDetachedByFaults => false;

    bool ICallbackOwner.TryDetach()
    {
        bool isRemoved = !IsRemoved;
        Remove();
        return isRemoved;
    }

    private void Remove()
    {
        using ThreadClaim.Scope claim = _core.ClaimToEnd(out bool isOver);
        if (!isOver && !IsRemoved)
        {
            IsRemoved = true;
            _list.Remove(this);
        }
    }
}
