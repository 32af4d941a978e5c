namespace Vigil;

/// <summary>
/// Callbacks in order of registration, which may come and go while they run: a run goes through the list as it was at its
/// beginning, without those that were removed since.
/// </summary>
internal sealed class CallbackList
{
    private HookRegistration[] _entries = [];

    public bool IsEmpty => _entries.Length == 0;

    public HookRegistration Add(LoopCore core, Action<EventManager> callback)
    {
        var entry = new HookRegistration(core, this, callback);
        _entries = [.. _entries, entry];
        return entry;
    }

    public void Remove(HookRegistration entry) => _entries = Array.FindAll(_entries, other => other != entry);

    public void Run(LoopCore core)
    {
        foreach (HookRegistration entry in _entries)
        {
            Invoke(entry, core);
        }
    }

    /// <summary>Runs and removes each, the last registered first, those included that are registered meanwhile.</summary>
    public void RunOutLastFirst(LoopCore core)
    {
        while (_entries.Length > 0)
        {
            HookRegistration entry = _entries[^1];
            Remove(entry);
            Invoke(entry, core);
        }
    }

    private static void Invoke(HookRegistration entry, LoopCore core)
    {
        if (!entry.IsRemoved)
        {
            core.Invoke(entry, static (entry, manager) => entry.Call(manager), core.Manager);
        }
    }
}
