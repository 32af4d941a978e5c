namespace Vigil;

/// <summary>A registered hook or exit callback. Disposing it, on the loop's thread, ends the registration, at once even in the middle of the hooks.</summary>
public sealed class HookRegistration : IDisposable
{
    private readonly EventManager _manager;
    private readonly CallbackList _list;

    internal HookRegistration(EventManager manager, CallbackList list, Action<EventManager> callback)
    {
        _manager = manager;
        _list = list;
        Callback = callback;
    }

    internal Action<EventManager> Callback { get; }

    /// <summary>Its creator's context; null for the default one.</summary>
    internal ExecutionContext? Context { get; } = AmbientContext.Flowing;

    internal bool IsRemoved { get; private set; }

    /// <summary>Ends the registration. Again, or when the manager is disposed or being disposed, it does nothing.</summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public void Dispose()
    {
        if (IsRemoved)
        {
            return;
        }

        using ThreadClaim.Scope claim = _manager.ClaimToEnd(out bool isOver);
        if (isOver)
        {
            return;
        }

        IsRemoved = true;
        _list.Remove(this);
    }
}
