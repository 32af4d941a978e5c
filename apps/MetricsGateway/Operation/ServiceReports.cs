using Vigil;

namespace MetricsGateway.Operation;

/// <summary>Tells the service manager what the gateway is doing. On the loop. Without a service manager it does nothing.</summary>
/// <param name="notifier">Sends it.</param>
/// <param name="describe">The status, in one line.</param>
/// <param name="measure">A figure that changes while the shutdown gets on.</param>
internal sealed class ServiceReports(ServiceNotifier notifier, Func<string> describe, Func<long> measure)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Long enough for a turn of the loop on a machine that hardly gets on, and for the next report.
    private static readonly TimeSpan Extension = TimeSpan.FromSeconds(10);

    private bool _isReloading;
    private long _progress;

    /// <summary>Whether the shutdown has begun.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>To be called before the run: the gateway is ready when the loop has turned once.</summary>
    public void Begin(EventManager manager)
    {
        if (notifier.IsAvailable)
        {
            manager.CreateTimerEvent(Period, Period, (_, _) => Report());
            manager.Defer(static (manager, reports) => manager.Defer(static (_, reports) => reports.OnTurned(), reports), this);
        }
    }

    /// <summary>A reload was requested, or a changed configuration is about to take effect. Each request is announced, since the service
    /// manager waits for the announcement that follows its own.</summary>
    public void Reloading(bool isRequest)
    {
        if (!IsStopping && (isRequest || !_isReloading))
        {
            _isReloading = true;
            notifier.Reloading();
        }
    }

    /// <summary>No reload is left to do.</summary>
    public void Reloaded()
    {
        if (_isReloading && !IsStopping)
        {
            notifier.Ready(describe());
        }

        _isReloading = false;
    }

    /// <summary>The shutdown begins.</summary>
    public void Stopping()
    {
        if (!IsStopping)
        {
            IsStopping = true;
            _progress = measure();
            notifier.Stopping(describe());
        }
    }

    private void OnTurned()
    {
        if (!IsStopping)
        {
            notifier.Ready(describe());
        }
    }

    private void Report()
    {
        notifier.Status(describe());
        long progress = measure();
        if (IsStopping && progress != _progress)
        {
            _progress = progress;
            notifier.ExtendTimeout(Extension);
        }
    }
}
