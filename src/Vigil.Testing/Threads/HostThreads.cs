namespace Vigil.Testing;

/// <summary>
/// The threads of one call of <see cref="Simulation.Run(Action{World}, SimulationOptions?)"/>: its worlds use them one after the other, and
/// they end with it. As many are started as the greatest world needs.
/// </summary>
internal sealed class HostThreads : IDisposable
{
    private readonly Stack<HostThread> _free = new();

    public HostThread Rent() => _free.TryPop(out HostThread? thread) ? thread : new HostThread();

    public void Return(HostThread thread)
    {
        thread.Attach(null);
        _free.Push(thread);
    }

    public void Dispose()
    {
        while (_free.TryPop(out HostThread? thread))
        {
            thread.End();
        }
    }
}
