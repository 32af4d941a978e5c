namespace Vigil.Testing;

/// <summary>A thread of the process that runs a <see cref="WorldThread"/>: one after the other, for the worlds of one simulation.</summary>
internal sealed class HostThread
{
    private readonly Thread _thread;
    private WorldThread? _runs;
    private bool _isOver;

    // Started without the execution context of its starter: nobody's context is kept.
    public HostThread()
    {
        _thread = new Thread(Run) { Name = "vigil-simulated", IsBackground = true };
        _thread.UnsafeStart();
    }

    public Turn Turn { get; } = new();

    /// <summary>Attaches it to who runs on it; null for nobody.</summary>
    public void Attach(WorldThread? runs) => _runs = runs;

    /// <summary>Ends it, and waits for its end. It runs nothing.</summary>
    public void End()
    {
        _isOver = true;
        Turn.Give();
        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            Turn.Await();
            if (_isOver)
            {
                return;
            }

            _runs!.Execute();
        }
    }
}
