using Vigil.Diagnostics;

namespace Vigil;

/// <summary>The time of a run on its thread: the current manager, the default execution context and the loop's synchronization context, and on leaving what they were before.</summary>
internal readonly ref struct RunScope
{
    [ThreadStatic]
    private static EventManager? _current;

    private readonly EventManager _manager;
    private readonly EventManager? _outerManager;
    private readonly AmbientContext.Scope _ambient;

    public RunScope(EventManager manager, SynchronizationContext context)
    {
        _manager = manager;
        _outerManager = _current;
        _current = manager;
        _ambient = AmbientContext.EnterScope(context: null, context);
        VigilEventSource.Log.RunStart(manager.Name);
    }

    public static EventManager? Current => _current;

    public void Dispose()
    {
        VigilEventSource.Log.RunStop(_manager.Name);
        _ambient.Dispose();
        _current = _outerManager;
        _manager.EndRun();
    }
}
