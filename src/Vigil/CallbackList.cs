namespace Vigil;

/// <summary>
/// Callbacks in order of registration, which may come and go while they run: a run goes through the list as it was at its
/// beginning, without those that were removed since.
/// </summary>
internal sealed class CallbackList
{
    private HookRegistration[] _entries = [];

    public bool IsEmpty => _entries.Length == 0;

    public HookRegistration Add(EventManager manager, Action<EventManager> callback)
    {
        var entry = new HookRegistration(manager, this, callback);
        _entries = [.. _entries, entry];
        return entry;
    }

    public void Remove(HookRegistration entry) => _entries = Array.FindAll(_entries, other => other != entry);

    public void Run(EventManager manager, FaultSink faults)
    {
        foreach (HookRegistration entry in _entries)
        {
            Invoke(entry, manager, faults);
        }
    }

    /// <summary>Runs and removes each, the last registered first, those included that are registered meanwhile.</summary>
    public void RunOutLastFirst(EventManager manager, FaultSink faults)
    {
        while (_entries.Length > 0)
        {
            HookRegistration entry = _entries[^1];
            Remove(entry);
            Invoke(entry, manager, faults);
        }
    }

    private static void Invoke(HookRegistration entry, EventManager manager, FaultSink faults)
    {
        if (entry.IsRemoved)
        {
            return;
        }

        manager.Observer?.Enter(entry);
        try
        {
            if (entry.Context is { } context)
            {
                AmbientContext.Enter(context);
            }

            entry.Callback(manager);
        }
        catch (Exception exception)
        {
            faults.OnThrown(FaultOrigin.Hook, exception);
        }

        manager.EndCallback();
        manager.Observer?.Leave();
    }
}
