using Vigil.Diagnostics;

namespace Vigil;

/// <summary>The time of a run on its thread: the current manager and the synchronization context, and on leaving what they were before.</summary>
internal readonly ref struct RunScope
{
    [ThreadStatic]
    private static EventManager? _current;

    private readonly EventManager _manager;
    private readonly EventManager? _outerManager;
    private readonly SynchronizationContext? _outerContext;

    public RunScope(EventManager manager, SynchronizationContext context)
    {
        _manager = manager;
        _outerManager = _current;
        _outerContext = SynchronizationContext.Current;
        _current = manager;
        SynchronizationContext.SetSynchronizationContext(context);
        VigilEventSource.Log.RunStart(manager.Name);
    }

    public static EventManager? Current => _current;

    public void Dispose()
    {
        VigilEventSource.Log.RunStop(_manager.Name);
        SynchronizationContext.SetSynchronizationContext(_outerContext);
        _current = _outerManager;
        _manager.EndRun();
    }
}
