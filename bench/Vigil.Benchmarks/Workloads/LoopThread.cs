namespace Vigil.Benchmarks.Workloads;

/// <summary>A manager that runs on a thread of its own, from construction to disposal.</summary>
internal sealed class LoopThread : IDisposable
{
    private readonly EventManager _manager;
    private readonly Thread _thread;

    public LoopThread(EventManagerOptions options)
    {
        _manager = new EventManager(options);
        _thread = new Thread(() => _manager.Run()) { Name = options.Name, IsBackground = true };
        _thread.Start();

        // Until the run has begun, a blocking call from this thread, which created the manager, is refused: it could wait for itself.
        Endpoint.CallAsync(static _ => { }).Wait();
    }

    public RemoteEndpoint Endpoint => _manager.RemoteEndpoint;

    public void Dispose()
    {
        _manager.Stop();
        _thread.Join();
        _manager.Dispose();
    }
}
