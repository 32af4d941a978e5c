using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Vigil.Hosting;

/// <summary>
/// The health of one event manager. It reads what the loop and the watchdog have published, and never waits for the loop: a loop that hangs
/// is what it is there to find.
/// </summary>
internal sealed class EventManagerHealthCheck : IHealthCheck
{
    private readonly HostedManager _manager;
    private readonly IOptionsMonitor<EventManagerHealthOptions> _options;
    private readonly string _name;
    private readonly Lock _gate = new();
    private EventManagerHealthOptions _limits = new();
    private EventManagerStatistics _before = new();

    /// <param name="manager">The manager.</param>
    /// <param name="options">The limits.</param>
    /// <param name="name">The name of the options.</param>
    public EventManagerHealthCheck(HostedManager manager, IOptionsMonitor<EventManagerHealthOptions> options, string name)
    {
        _manager = manager;
        _options = options;
        _name = name;
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        EventManagerHealthOptions limits = Limits();
        EventManagerStatistics now = _manager.Manager.GetStatistics();
        (string Name, TimeSpan Age)? slow = _manager.Reports.LastSlow;
        WorkWaitingReport? waiting = _manager.Pool?.Waiting.MaxBy(report => report.Waited);
        TimeSpan busy = _manager.State == LoopState.Running ? now.BusyFor : TimeSpan.Zero;
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["state"] = _manager.State.ToString(),
            ["utilization"] = UtilizationSince(now),
            ["lag.p99.ms"] = now.Lag.P99.TotalMilliseconds,
            ["busy.ms"] = busy.TotalMilliseconds,
            ["iterations"] = now.Iterations,
            ["faults"] = now.Faults,
        };
        if (slow is { } callback)
        {
            data["slow.callback"] = callback.Name;
            data["slow.age.ms"] = callback.Age.TotalMilliseconds;
        }

        if (waiting is not null)
        {
            data["work.waiting"] = waiting.ToString();
        }

        (HealthStatus status, string text) = Judge(limits, busy, slow, waiting);
        HealthStatus worst = status == HealthStatus.Unhealthy ? context.Registration.FailureStatus : status;
        return Task.FromResult(new HealthCheckResult(worst, $"{_manager.Name}: {text}", _manager.Failure, data));
    }

    private (HealthStatus Status, string Text) Judge(
        EventManagerHealthOptions limits, TimeSpan busy, (string Name, TimeSpan Age)? slow, WorkWaitingReport? waiting)
    {
        if (_manager.State != LoopState.Running)
        {
            return (HealthStatus.Unhealthy, _manager.State switch
            {
                LoopState.Waiting => "the host has not started it",
                LoopState.Pausing => "its run has failed, and it waits for its restart",
                _ => _manager.Failure is null ? "it was stopped" : "its run has failed",
            });
        }

        string where = _manager.Reports.Hanging is { } hanging ? $" in {hanging}" : "";
        if (busy >= limits.HangLimit)
        {
            return (HealthStatus.Unhealthy, $"the loop hangs{where}, for {Text(busy)}");
        }

        if (busy >= limits.MaxLag)
        {
            return (HealthStatus.Degraded, $"the loop has been busy{where} for {Text(busy)}");
        }

        if (slow is { } callback && callback.Age <= limits.SlowCallbackMemory)
        {
            return (HealthStatus.Degraded, $"{callback.Name} exceeded its budget {Text(callback.Age)} ago");
        }

        return waiting is not null ? (HealthStatus.Degraded, waiting.ToString()) : (HealthStatus.Healthy, "the loop turns");
    }

    // Options that were changed to something invalid leave those in use.
    private EventManagerHealthOptions Limits()
    {
        try
        {
            return _limits = _options.Get(_name);
        }
        catch (Exception exception) when (exception is OptionsValidationException or InvalidOperationException)
        {
            return _limits;
        }
    }

    // Since the last check, which may be another caller's.
    private double UtilizationSince(EventManagerStatistics now)
    {
        lock (_gate)
        {
            TimeSpan busy = now.BusyTime - _before.BusyTime;
            TimeSpan all = busy + now.IdleTime - _before.IdleTime;
            _before = now;
            return all > TimeSpan.Zero ? Math.Clamp(busy / all, 0, 1) : 0;
        }
    }

    private static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
