namespace Vigil.Testing;

/// <summary>
/// Where the program under test goes on after an <c>await</c>: on the simulating thread, as one of those that can run, when the seed
/// decides so.
/// </summary>
internal sealed class ProgramContext : SynchronizationContext, IActor
{
    private readonly World _world;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _continuations = new();

    // Another thread has ended what the program waited for. The post must not throw there: nobody could catch it.
    private volatile bool _hasStrayed;

    public ProgramContext(World world) => _world = world;

    public bool IsRunnable => _continuations.Count > 0 || _hasStrayed;

    public bool CanLook => IsRunnable;

    public bool RunsWorld => true;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!_world.IsOnThread)
        {
            _hasStrayed = true;
            return;
        }

        _continuations.Enqueue((d, state));
        _world.NoteActivity();
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        _world.RequireThread();
        Call(d, state);
    }

    public override SynchronizationContext CreateCopy() => this;

    public void Step()
    {
        if (_hasStrayed)
        {
            _world.Fail(
                "Another thread has ended what the program awaits. What has started that thread (Task.Run, Thread, the thread pool, a "
                    + "timer of the system) has left the simulation.");
        }

        (SendOrPostCallback callback, object? state) = _continuations.Dequeue();
        _world.History.Add(HistoryKind.Continuation, subject: null);
        try
        {
            Call(callback, state);
        }
        finally
        {
            // It may have posted something to an idle loop.
            _world.NoteActivity();
        }
    }

    private void Call(SendOrPostCallback callback, object? state)
    {
        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }
}
