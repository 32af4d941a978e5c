using Vigil.Diagnostics;

namespace Vigil;

/// <summary>
/// Sets a run's current manager, default execution context and synchronization context on its thread, and restores the previous ones at its
/// end.
/// </summary>
internal readonly ref struct RunScope
{
    [ThreadStatic]
    private static EventManager? _current;

    private readonly LoopCore _core;
    private readonly EventManager? _outerManager;
    private readonly AmbientContext.Scope _ambient;

    public RunScope(LoopCore core)
    {
        _core = core;
        _outerManager = _current;
        _current = core.Manager;
        _ambient = AmbientContext.EnterScope(context: null, core.Context);
        VigilEventSource.Log?.RunStart(core.Name);
    }

    public static EventManager? Current => _current;

    public void Dispose()
    {
        VigilEventSource.Log?.RunStop(_core.Name);
        _ambient.Dispose();
        _current = _outerManager;
        _core.Lifetime.EndRun();
    }
}
