using Vigil.Benchmarks.Workloads;

namespace Vigil.Benchmarks.Watchdog;

/// <summary>200 timers that are due in every iteration.</summary>
internal sealed class FiringInTurn : IWorkload
{
    private const int Timers = 200;

    private readonly EventManager _manager;
    private long _fired;

    public FiringInTurn(EventManagerOptions options)
    {
        _manager = new EventManager(options);
        for (int i = 0; i < Timers; i++)
        {
            _manager.CreateTimerEvent(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1), (_, _) => _fired++);
        }
    }

    public void Perform(int operations)
    {
        for (int left = operations; left > 0;)
        {
            left -= _manager.RunOnce(TimeSpan.Zero);
        }
    }

    public void Dispose() => _manager.Dispose();
}
