using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Watchdog;

/// <summary>Delegates that the loop's own thread fires, 200 before each iteration: without a second thread, whose placement would
/// dominate.</summary>
internal sealed class PostedInTurn : IWorkload
{
    private const int Batch = 200;

    private readonly EventManager _manager;
    private long _received;

    public PostedInTurn(EventManagerOptions options) => _manager = new EventManager(options);

    public void Perform(int operations)
    {
        RemoteEndpoint endpoint = _manager.RemoteEndpoint;
        for (int left = operations; left > 0; left -= Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                endpoint.Fire(static (_, self) => self._received++, this);
            }

            _manager.RunOnce(TimeSpan.Zero);
        }
    }

    public void Dispose() => _manager.Dispose();
}
