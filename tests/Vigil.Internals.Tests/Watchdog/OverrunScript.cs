namespace Vigil.Internals.Tests.Watchdog;

/// <summary>A tracker that gets samples, in milliseconds, and whose findings are texts.</summary>
internal sealed class OverrunScript
{
    private const long Millisecond = 1_000_000;

    private readonly OverrunTracker _tracker;
    private readonly List<Finding> _found = [];
    private readonly List<string> _told = [];
    private long _now;
    private long _started;

    public OverrunScript(long phaseBudget = 200, long interval = 0, Dictionary<object, long>? budgets = null)
    {
        _tracker = new OverrunTracker(new TrackerRules(
            phaseBudget * Millisecond,
            interval * Millisecond,
            subject => (budgets?.GetValueOrDefault(subject, 50) ?? 50) * Millisecond,
            sample => sample.Subject!));
    }

    /// <summary>The findings so far: kind, subject or phase, age; then the number of earlier and of suppressed ones, if there are
    /// any.</summary>
    public IReadOnlyList<string> Told => _told;

    /// <summary>Samples every ten milliseconds for a time.</summary>
    public OverrunScript For(
        long milliseconds,
        long turn,
        object? subject,
        long step = 0,
        LoopPhase phase = LoopPhase.Mailbox,
        long period = 10)
    {
        for (long left = milliseconds; left > 0; left -= period)
        {
            _now += period;
            Observe(Sample(turn, subject, step, phase));
        }

        return this;
    }

    /// <summary>One sample, during which the sampler is interrupted for a time, after reading the clock and before reading the
    /// loop.</summary>
    public OverrunScript Interrupted(long milliseconds, long turn, object? subject, long step = 0, LoopPhase phase = LoopPhase.Mailbox)
    {
        _now += 10;
        Observe(Sample(turn, subject, step, phase), milliseconds);
        return this;
    }

    /// <summary>Later samples are of a callback that begins now, by the loop's own mark.</summary>
    public OverrunScript Begins()
    {
        _started = _now;
        return this;
    }

    /// <summary>There are no samples for a time.</summary>
    public OverrunScript Away(long milliseconds)
    {
        _now += milliseconds;
        return this;
    }

    /// <summary>The loop's own clock has found a slow callback, and nothing else has begun yet.</summary>
    public OverrunScript Returned(long turn, object subject, long took)
    {
        Return(Sample(turn, subject, step: 0, LoopPhase.Mailbox), turn, subject, took);
        return this;
    }

    /// <summary>After a time the first of these callbacks is sampled. Before the sample is evaluated, all of them return, too slow by the
    /// loop's own clock.</summary>
    public OverrunScript ReturnedSince(long milliseconds, long turn, params object[] subjects)
    {
        _now += milliseconds;
        ProgressSample sample = Sample(turn, subjects[0], step: 0, LoopPhase.Mailbox);
        Array.ForEach(subjects, subject => Return(sample, turn, subject, took: 60));
        Observe(sample);
        return this;
    }

    private ProgressSample Sample(long turn, object? subject, long step, LoopPhase phase) =>
        new((turn << ProgressSample.PhaseBits) | (long)phase, step, subject, _started * Millisecond);

    private static string Words(OwnerHistory history) =>
        (history.Before > 0 ? $" before {history.Before}" : "") + (history.Suppressed > 0
            ? $" suppressed {history.Suppressed}"
            : "") + (history.IsReported ? "" : " quiet");

    private void Return(ProgressSample sample, long turn, object subject, long took)
    {
        var overrun = new Overrun(
            Sample(turn, subject, step: 0, LoopPhase.Mailbox),
            isPhase: false,
            took * Millisecond,
            _now * Millisecond,
            budget: 0);
        overrun.End(took * Millisecond);
        bool isNew = _tracker.OnReturned(overrun, in sample, _now * Millisecond);
        _told.Add($"{(isNew ? "New" : "Known")} {subject} {took}{Words(overrun.OwnerHistory)}");
    }

    private void Observe(ProgressSample sample, long interrupted = 0)
    {
        _found.Clear();
        long now = _now * Millisecond;
        _now += interrupted;
        _tracker.Observe(in sample, now, _now * Millisecond, _found);
        foreach (Finding finding in _found)
        {
            Overrun overrun = finding.Overrun;
            object who = overrun.IsPhase ? overrun.Callback.Phase : overrun.Callback.Subject!;
            _told.Add($"{finding.Kind} {who} {overrun.Age / Millisecond}{Words(overrun.OwnerHistory)}");
        }
    }
}
