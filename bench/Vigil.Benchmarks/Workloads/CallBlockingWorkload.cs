namespace Vigil.Benchmarks.Workloads;

/// <summary>Ping-pong: an operation is one blocking call from another thread, there and back.</summary>
internal sealed class CallBlockingWorkload : IWorkload
{
    private readonly LoopThread _loop;
    private readonly Func<EventManager, long> _call;
    private long _calls;

    public CallBlockingWorkload(TimeSpan spinBeforeSleep)
    {
        _loop = new LoopThread(new EventManagerOptions { SpinBeforeSleep = spinBeforeSleep });
        _call = _ => ++_calls;
    }

    public void Perform(int operations)
    {
        RemoteEndpoint endpoint = _loop.Endpoint;
        for (int i = 0; i < operations; i++)
        {
            endpoint.CallBlocking(_call);
        }
    }

    public void Dispose() => _loop.Dispose();
}
