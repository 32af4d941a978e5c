namespace Vigil;

/// <summary>
/// Callbacks in order of registration. Callbacks may be added and removed during a run: the run covers those that were
/// registered when it began, except those removed since.
/// </summary>
internal sealed class CallbackList
{
    private HookRegistration[] _entries = [];

    public bool IsEmpty => _entries.Length == 0;

    public HookRegistration Add(LoopCore core, Action<EventManager> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        using ThreadClaim.Scope claim = core.Claim();
        var entry = new HookRegistration(core, this, callback);
        _entries = [.. _entries, entry];
        return entry;
    }

    public void Remove(HookRegistration entry) => _entries = Array.FindAll(_entries, other => other != entry);

    public void Run(LoopCore core)
    {
        foreach (HookRegistration entry in _entries)
        {
            if (!entry.IsRemoved)
            {
                Invoke(entry, core);
            }
        }
    }

    /// <summary>Runs and removes all callbacks, last registered first, including those registered meanwhile.</summary>
    public void RunOutLastFirst(LoopCore core)
    {
        while (_entries.Length > 0)
        {
            HookRegistration entry = _entries[^1];
            Remove(entry);
            Invoke(entry, core);
        }
    }

    private static void Invoke(HookRegistration entry, LoopCore core) =>
        core.Invoke(entry, static (entry, manager) => entry.Call(manager), core.Manager);
}
