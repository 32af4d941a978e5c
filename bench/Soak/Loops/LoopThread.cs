using Vigil;

namespace Soak.Loops;

/// <summary>A manager and the thread that runs it. Whatever it reports as a fault is wrong: nothing here throws on purpose.</summary>
internal sealed class LoopThread : IDisposable
{
    private readonly Thread _thread;
    private readonly EventManager _manager;
    private readonly Findings _findings;

    /// <param name="name">The thread's name, and the manager's.</param>
    /// <param name="findings">Gets the faults.</param>
    /// <param name="configure">Further options of the manager.</param>
    public LoopThread(string name, Findings findings, Action<EventManagerOptions>? configure = null)
    {
        _findings = findings;
        var options = new EventManagerOptions { Name = name, FaultPolicy = FaultPolicy.Report, CollectStatistics = true };
        configure?.Invoke(options);
        using var started = new ManualResetEventSlim();
        EventManager? manager = null;
        _thread = new Thread(() =>
        {
            manager = new EventManager(options);

            // A loop opens a timerfd with its first timer, and keeps it. That must not happen between two readings.
            manager.CreateTimerEvent(TimeSpan.Zero, (timer, _) => timer.Dispose());
            manager.FaultReported += (_, report) => findings.Add($"the loop {name} reports: {report.Origin}: {report.Exception}");
            started.Set();
            manager.Run();
            manager.Dispose();
        })
        { Name = name, IsBackground = true };
        _thread.Start();
        started.Wait();
        _manager = manager!;
        Endpoint = _manager.RemoteEndpoint;
    }

    public RemoteEndpoint Endpoint { get; }

    public EventManagerStatistics Statistics => _manager.GetStatistics();

    /// <summary>Everything registered with the manager.</summary>
    public LoopContents Contents => Endpoint.CallBlocking(
        manager => new LoopContents(manager.GetTimers().Count, manager.GetSources().Count, manager.GetSubscribers().Count));

    public void Dispose()
    {
        Endpoint.Fire(manager => manager.Stop());
        _findings.Require(_thread.Join(TimeSpan.FromSeconds(60)), $"the loop {_thread.Name} does not end");
    }
}
