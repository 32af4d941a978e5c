using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>
/// The texts of flushes, for each back end. The text of one flush may still be being written when the next one is made, so there are
/// three reports: one for the console, one for the file, and a free one.
/// </summary>
internal sealed class FlushTexts(FlushPlan plan, LineHandover handover, LineBlockPool pool)
{
    private readonly FlushReport[] _reports = [new(plan.Percentiles), new(plan.Percentiles), new(plan.Percentiles)];

    public FlushPlan Plan => plan;

    public TimerFigures Timer { get; } = new(plan.Percentiles, plan.Histograms);

    public GraphiteText Graphite { get; } = new(plan.GraphitePrefix, plan.Percentiles, handover, pool);

    /// <summary>A free report for the next flush. Other free reports give excess memory back.</summary>
    /// <param name="inUse">Reports that must not change; at most two.</param>
    public FlushReport FreeReport(params ReadOnlySpan<FlushReport?> inUse)
    {
        FlushReport? free = null;
        foreach (FlushReport report in _reports)
        {
            if (inUse.Contains(report))
            {
                continue;
            }

            if (free is null)
            {
                free = report;
            }
            else
            {
                report.GiveBack();
            }
        }

        return free ?? throw new ArgumentException("All reports are in use.", nameof(inUse));
    }
}
