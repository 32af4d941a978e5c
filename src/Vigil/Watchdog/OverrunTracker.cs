namespace Vigil;

/// <summary>The kinds of findings from a sample.</summary>
internal enum FindingKind
{
    /// <summary>A callback is over its budget and still running.</summary>
    Running,

    /// <summary>
    /// A callback or phase over its budget, held back because the last report was too recent, is still running and is to be reported now.
    /// </summary>
    Overdue,

    /// <summary>A callback that was over its budget is no longer running.</summary>
    Gone,

    /// <summary>A phase is over its budget and continues.</summary>
    PhaseRunning,

    /// <summary>A phase that was over its budget has ended.</summary>
    PhaseEnded,
}

/// <summary>One finding of the tracker.</summary>
internal readonly record struct Finding(FindingKind Kind, Overrun Overrun);

/// <summary>What the tracker needs to know and cannot see in a sample.</summary>
/// <param name="PhaseBudget">How long a phase may take, in nanoseconds.</param>
/// <param name="ReportInterval">For how long after a report an owner is not reported again, in nanoseconds.</param>
/// <param name="BudgetOf">How long a subject's callback may take, in nanoseconds.</param>
/// <param name="OwnerOf">The owner of a sample's callback, as an object that compares equal for the same owner.</param>
internal sealed record TrackerRules(
    long PhaseBudget, long ReportInterval, Func<object, long> BudgetOf, Func<ProgressSample, object> OwnerOf);

/// <summary>
/// Derives findings from samples: which callbacks and phases are over their budgets, when they end, and which are to be reported. It knows
/// no clock and no loop. Called only by the sampler's thread.
/// </summary>
/// <remarks>
/// <para>A callback's age counts from when it was first seen, so it may be too low by a sampling period and is never too high, unless the
/// loop published when it began. It ended after it was last seen and before a sample found something else; the former time is used.</para>
/// <para>A phase's age counts from when it was first seen, without callbacks that were over budget themselves or may take longer than a
/// phase.</para>
/// <para>If two samples are further apart than <see cref="LongestGap"/>, the process was stopped or the machine paused, and that time is
/// charged to no one. A callback that continues after the gap keeps its age. One first seen after it counts from there, unless it began so
/// recently that the stop came before it.</para>
/// </remarks>
internal sealed class OverrunTracker
{
    /// <summary>In nanoseconds: two orders of magnitude above a sampling period on a busy machine.</summary>
    public const long LongestGap = 2_000_000_000;

    private TrackerRules _rules;
    private readonly OwnerLog _owners;
    private ProgressSample _last;
    private ProgressSample _lastEnded;
    private long _lastTime;
    private long _since;
    private long _phaseSince;
    private long _excused;
    private Overrun? _running;
    private Overrun? _runningPhase;

    public OverrunTracker(TrackerRules rules)
    {
        _rules = rules;
        _owners = new OwnerLog(rules.ReportInterval);
    }

    /// <summary>Changes the budget of phases and the interval of reports, in nanoseconds, from the next sample on.</summary>
    public void Configure(long phaseBudget, long reportInterval)
    {
        _rules = _rules with { PhaseBudget = phaseBudget, ReportInterval = reportInterval };
        _owners.Interval = reportInterval;
    }

    /// <summary>Takes a sample and adds its findings to a list.</summary>
    /// <param name="sample">What the loop was doing.</param>
    /// <param name="now">The time before the sample was taken. Its content is at least as old as the time from its first sighting until
    /// then.</param>
    /// <param name="later">The time after it was taken, which may be much later if the sampler was interrupted. What it shows for the first
    /// time began before that.</param>
    /// <param name="found">Receives the findings.</param>
    public void Observe(in ProgressSample sample, long now, long later, List<Finding> found)
    {
        long gap = now - _lastTime;
        if (sample.Turn != _last.Turn)
        {
            EndCallback(found);
            EndPhase(found);
            Begin(in sample, gap, later);
            _phaseSince = later;
            _excused = 0;
        }
        else if (!sample.IsSameCallback(in _last))
        {
            EndCallback(found);
            Begin(in sample, gap, later);
        }
        else
        {
            GoOn(now, gap, found);
        }

        bool isExcused = LookAtCallback(in sample, now, gap, found);
        _lastEnded = sample.IsSameCallback(in _lastEnded) ? _lastEnded : default;
        _last = sample;
        _lastTime = now;
        if (!isExcused)
        {
            LookAtPhase(in sample, now, found);
        }
    }

    /// <summary>
    /// The loop itself found a returned callback to be over its budget. Returns whether it is new, that is, was not seen running before.
    /// </summary>
    /// <param name="overrun">The callback.</param>
    /// <param name="sample">The sample to be observed next, taken before or after the callback returned.</param>
    /// <param name="now">The time.</param>
    public bool OnReturned(Overrun overrun, in ProgressSample sample, long now)
    {
        // Of the callbacks that have returned since the sample was taken, only this one could still be found running.
        if (overrun.Callback.IsSameCallback(in sample))
        {
            _lastEnded = sample;
        }

        if (_running is not null && _running.Callback.IsSameCallback(overrun.Callback))
        {
            overrun.OwnerHistory = _running.OwnerHistory;
            return false;
        }

        overrun.OwnerHistory = _owners.Note(_rules.OwnerOf(overrun.Callback), now);
        return true;
    }

    private void Begin(in ProgressSample sample, long gap, long later)
    {
        bool isBeginKnown = sample.Started > 0 && (gap <= LongestGap || later - sample.Started <= LongestGap);
        _since = isBeginKnown ? Math.Min(sample.Started, later) : later;
    }

    private void GoOn(long now, long gap, List<Finding> found)
    {
        if (gap > LongestGap)
        {
            // The stop may have come between reading the clock and the sample that first showed this callback. Its age is then zero.
            _since = Math.Min(_since + gap, now);
            _excused = Math.Min(_excused + gap, now - _phaseSince);
        }
        else if (_running is not null)
        {
            _excused += gap;
        }

        if (_running is not null)
        {
            _running.SeenAt(now, now - _since);
            Review(_running, now, found);
        }
    }

    // Returns whether the callback's time is excluded from its phase's.
    private bool LookAtCallback(in ProgressSample sample, long now, long gap, List<Finding> found)
    {
        if (_running is not null || sample.Subject is null)
        {
            return _running is not null;
        }

        long age = now - _since;
        long budget = _rules.BudgetOf(sample.Subject);
        bool mayOutlastPhase = budget > _rules.PhaseBudget;
        if (mayOutlastPhase && sample.IsSameCallback(in _last))
        {
            _excused += gap <= LongestGap ? gap : 0;
        }

        if (age <= budget || sample.IsSameCallback(in _lastEnded))
        {
            return mayOutlastPhase;
        }

        _excused += mayOutlastPhase ? 0 : age;
        _running = new Overrun(in sample, isPhase: false, age, now, budget) { OwnerHistory = _owners.Note(_rules.OwnerOf(sample), now) };
        found.Add(new Finding(FindingKind.Running, _running));
        return true;
    }

    private void LookAtPhase(in ProgressSample sample, long now, List<Finding> found)
    {
        long age = now - _phaseSince - _excused;
        if (_runningPhase is not null)
        {
            // A callback counted when the phase was noticed may later exceed its own budget. The phase's age never decreases.
            _runningPhase.SeenAt(now, Math.Max(_runningPhase.Age, age));
            Review(_runningPhase, now, found);
            return;
        }

        if (sample.Phase != LoopPhase.Waiting && age > _rules.PhaseBudget)
        {
            _runningPhase = new Overrun(in sample, isPhase: true, age, now, _rules.PhaseBudget)
            {
                OwnerHistory = _owners.Note(sample.Phase, now),
            };
            found.Add(new Finding(FindingKind.PhaseRunning, _runningPhase));
        }
    }

    // Otherwise an owner that was reported a moment ago could hang for ever unreported.
    private void Review(Overrun overrun, long now, List<Finding> found)
    {
        if (!overrun.OwnerHistory.IsReported)
        {
            object owner = overrun.IsPhase ? overrun.Callback.Phase : _rules.OwnerOf(overrun.Callback);
            overrun.OwnerHistory = _owners.Review(owner, overrun.OwnerHistory, now);
            if (overrun.OwnerHistory.IsReported)
            {
                found.Add(new Finding(FindingKind.Overdue, overrun));
            }
        }
    }

    private void EndCallback(List<Finding> found)
    {
        if (_running is not null)
        {
            found.Add(new Finding(FindingKind.Gone, _running));
            _running = null;
        }
    }

    private void EndPhase(List<Finding> found)
    {
        if (_runningPhase is not null)
        {
            _runningPhase.End(_runningPhase.Age);
            found.Add(new Finding(FindingKind.PhaseEnded, _runningPhase));
            _runningPhase = null;
        }
    }
}
