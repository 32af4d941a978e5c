namespace Vigil.Tests;

/// <summary>The reports of a manager's watchdog, which any thread may wait for.</summary>
internal sealed class SlowReports
{
    private readonly object _gate = new();
    private readonly List<SlowCallbackReport> _all = [];

    public SlowReports(EventManager manager) => manager.SlowCallbackReported += (_, report) => Add(report);

    /// <summary>A watchdog with budgets that only deliberately slow callbacks exceed, as far as a busy machine allows.</summary>
    public static EventManagerOptions Options(SlowCallbackPolicy policy = SlowCallbackPolicy.Report, string name = "watched") => new()
    {
        Name = name,
        Watchdog = new WatchdogOptions
        {
            CallbackBudget = TimeSpan.FromMilliseconds(50),
            SamplingPeriod = TimeSpan.FromMilliseconds(5),
            PhaseBudget = Timeout.InfiniteTimeSpan,
            ReportInterval = TimeSpan.Zero,
            Policy = policy,
        },
    };

    public SlowCallbackReport[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Waits for a report by sleeping, as a slow callback does.</summary>
    public SlowCallbackReport Await(SlowCallbackKind kind, string method = "", LoopPhase? phase = null)
    {
        DateTime end = DateTime.UtcNow + Patience.Limit;
        lock (_gate)
        {
            SlowCallbackReport? found;
            while ((found = _all.Find(IsMeant)) is null)
            {
                Assert.True(
                    Monitor.Wait(_gate, Patience.Limit) && DateTime.UtcNow < end,
                    $"No report of {kind} {method} {phase}; there are: {string.Join("; ", _all)}");
            }

            return found;
        }

        bool IsMeant(SlowCallbackReport report) =>
            report.Kind == kind && report.Method.Contains(method, StringComparison.Ordinal) && report.Phase == (phase ?? report.Phase);
    }

    private void Add(SlowCallbackReport report)
    {
        lock (_gate)
        {
            _all.Add(report);
            Monitor.PulseAll(_gate);
        }
    }
}
