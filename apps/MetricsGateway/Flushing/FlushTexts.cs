using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>
/// Flushes become text here, for each back end. What one flush has made may still be being written when the next one is made, so there are
/// several texts to choose from: one for the console, one for the file, and one that is free.
/// </summary>
internal sealed class FlushTexts(FlushPlan plan, LineHandover handover, LineBlockPool pool)
{
    private readonly FlushReport[] _reports = [new(plan.Percentiles), new(plan.Percentiles), new(plan.Percentiles)];

    public FlushPlan Plan => plan;

    public TimerFigures Timer { get; } = new(plan.Percentiles, plan.Histograms);

    public GraphiteText Graphite { get; } = new(plan.GraphitePrefix, plan.Percentiles, handover, pool);

    /// <summary>A report to write the next flush into. Others that nobody uses give back what they have needed once.</summary>
    /// <param name="inUse">What must stay as it is; at most two.</param>
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
