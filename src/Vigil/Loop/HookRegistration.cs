namespace Vigil;

/// <summary>A registered hook or exit callback. Disposing it, on the loop's thread, ends the registration, at once even in the middle of the hooks.</summary>
public sealed class HookRegistration : IDisposable, ICallbackOwner
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

    /// <summary>Its creator's context; null for the default one.</summary>
    internal ExecutionContext? Context { get; } = AmbientContext.Flowing;

    internal bool IsRemoved { get; private set; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin.Hook;

    string ICallbackOwner.MethodName => MethodName.Of(Callback);

    string ICallbackOwner.Description => $"a hook ({MethodName.Of(Callback)})";

    internal void Call(EventManager manager)
    {
        if (Context is { } context)
        {
            AmbientContext.Enter(context);
        }

        Callback(manager);
    }

    /// <summary>Ends the registration. Again, or when the manager is disposed or being disposed, it does nothing.</summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public void Dispose()
    {
        if (IsRemoved)
        {
            return;
        }

        using ThreadClaim.Scope claim = _core.ClaimToEnd(out bool isOver);
        if (isOver)
        {
            return;
        }

        IsRemoved = true;
        _list.Remove(this);
    }

    bool ICallbackOwner.IsDetachedByFaults => false;

    bool ICallbackOwner.TryDetach()
    {
        bool isRemoved = !IsRemoved;
        Dispose();
        return isRemoved;
    }
}
