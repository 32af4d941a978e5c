using Vigil.Sources;

namespace Vigil;

/// <summary>
/// The time between the announcement that a loop is about to be stopped and its stop: nothing new is accepted, and what was begun is
/// finished. On the loop.
/// </summary>
internal sealed class LoopStopping
{
    private readonly LoopCore _core;
    private readonly Action<Action<EventManager>> _defer;
    private readonly CallbackList _callbacks = new();

    /// <param name="core">The loop.</param>
    /// <param name="defer">Runs a callback at the end of the iteration.</param>
    public LoopStopping(LoopCore core, Action<Action<EventManager>> defer)
    {
        _core = core;
        _defer = defer;
    }

    /// <summary>Whether the stop was announced. Any thread.</summary>
    public bool HasBegun { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

    /// <summary>Adds a callback of the announcement. After the announcement it runs at the end of the iteration.</summary>
    public HookRegistration Add(Action<EventManager> callback)
    {
        HookRegistration registration = _callbacks.Add(_core, callback);
        if (HasBegun)
        {
            Announce();
        }

        return registration;
    }

    /// <summary>Disarms listening sockets at once, and calls the callbacks at the end of the iteration. Once.</summary>
    public void Begin()
    {
        using ThreadClaim.Scope claim = _core.Claim();
        if (HasBegun)
        {
            return;
        }

        HasBegun = true;
        foreach (Source source in _core.SourceTable.Sources.Where(IsListener).ToArray())
        {
            SourceResult result = _core.SourceTable.Arming.Disarm(source);
            if (!result.IsSuccess)
            {
                _core.Faults.OnNotDisarmed(source, result);
            }
        }

        Announce();
    }

    // Deferred: each callback begins with the context of the code that added it, which must not change in the middle of another callback.
    private void Announce() => _defer(_ => _callbacks.RunOutLastFirst(_core));

    private bool IsListener(Source source)
    {
        if (source.IsOfVigilsOwn || source.State == SourceState.Disarmed || source.Fd.IsClosed)
        {
            return false;
        }

        using var fd = new BorrowedDescriptor(source.Fd);
        return fd.Number >= 0 && _core.SourceTable.Queries.IsListening(fd.Number);
    }
}
