namespace Vigil.Tests;

/// <summary>A manager that is created and run on a thread of its own, until disposed.</summary>
internal sealed class LoopThread : IDisposable
{
    private readonly Thread _thread;
    private readonly TaskCompletionSource<EventManager> _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LoopThread(EventManagerOptions? options = null, Action<EventManager>? prepare = null)
    {
        _thread = new Thread(() => Run(options ?? new EventManagerOptions(), prepare)) { IsBackground = true, Name = "test loop" };
        _thread.Start();
        Manager = Patience.Result(_running.Task);
    }

    public EventManager Manager { get; }

    public RemoteEndpoint Endpoint => Manager.RemoteEndpoint;

    public int ThreadId => _thread.ManagedThreadId;

    /// <summary>Completes when the run has returned, or fails with the run's exception.</summary>
    public Task Ended => _ended.Task;

    public void Dispose()
    {
        Manager.Dispose();
        Assert.True(_thread.Join(Patience.Limit), "The loop did not end.");
    }

    private void Run(EventManagerOptions options, Action<EventManager>? prepare)
    {
        try
        {
            var manager = new EventManager(options);
            prepare?.Invoke(manager);
            manager.Defer(running => _running.TrySetResult(running));
            manager.Run();
            _ended.SetResult();
        }
        catch (Exception exception)
        {
            _running.TrySetException(exception);
            _ended.TrySetException(exception);
        }
    }
}
