namespace Vigil.Benchmarks.Workloads;

/// <summary>The state of a posted delegate.</summary>
internal enum PostedState
{
    None,
    Reference,
    Value,
}

/// <summary>
/// Delegates fired at a loop on another thread as fast as one thread can. An operation is one delegate, from the call to the end of its run
/// on the loop, which sleeps whenever it has caught up. In bursts, each of which has run before the next begins, the mailbox never holds
/// more than one burst; without bursts, it holds the loop's whole backlog.
/// </summary>
internal sealed class PostWorkload : IWorkload
{
    private readonly LoopThread _loop = new(new EventManagerOptions());
    private readonly PostedState _state;
    private readonly int _burst;
    private readonly Action<EventManager> _receive;
    private readonly Action<EventManager, PostWorkload> _receiveReference;
    private readonly Action<EventManager, long> _receiveValue;
    private readonly Action<EventManager> _markEnd;
    private long _received;
    private bool _isAtEnd;

    public PostWorkload(PostedState state, int burst = int.MaxValue)
    {
        _state = state;
        _burst = burst;
        _receive = _ => _received++;
        _receiveReference = static (_, workload) => workload._received++;
        _receiveValue = (_, value) => _received += value;
        _markEnd = _ => Volatile.Write(ref _isAtEnd, true);
    }

    public void Perform(int operations)
    {
        for (int left = operations; left > 0; left -= _burst)
        {
            PerformBurst(Math.Min(left, _burst));
        }
    }

    public void Dispose() => _loop.Dispose();

    private void PerformBurst(int operations)
    {
        _isAtEnd = false;
        switch (_state)
        {
            case PostedState.None:
                Fire(operations - 1);
                break;
            case PostedState.Reference:
                FireReferences(operations - 1);
                break;
            case PostedState.Value:
                FireValues(operations - 1);
                break;
        }

        _loop.Endpoint.Fire(_markEnd);
        WaitForEnd();
    }

    private void Fire(int count)
    {
        RemoteEndpoint endpoint = _loop.Endpoint;
        Action<EventManager> receive = _receive;
        for (int i = 0; i < count; i++)
        {
            endpoint.Fire(receive);
        }
    }

    private void FireReferences(int count)
    {
        RemoteEndpoint endpoint = _loop.Endpoint;
        Action<EventManager, PostWorkload> receive = _receiveReference;
        for (int i = 0; i < count; i++)
        {
            endpoint.Fire(receive, this);
        }
    }

    private void FireValues(int count)
    {
        RemoteEndpoint endpoint = _loop.Endpoint;
        Action<EventManager, long> receive = _receiveValue;
        for (int i = 0; i < count; i++)
        {
            endpoint.Fire(receive, 1L);
        }
    }

    // Yields, as post.c does, and never sleeps for a millisecond, as SpinWait would after a while.
    private void WaitForEnd()
    {
        var spin = default(SpinWait);
        while (!Volatile.Read(ref _isAtEnd))
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }
}
