using System.Collections.Concurrent;
using Vigil.Diagnostics;
using Vigil.Messaging;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// A manager's side of the watchdog. The loop publishes what begins and ends (<see cref="Progress"/>), and the process's sampler reads it.
/// Findings become reports, and the loop applies the policy.
/// </summary>
/// <remarks>
/// The loop handles a slow callback when it returns, and queues it for the sampler's thread, which alone makes reports. The queue is
/// bounded, since a handler of reports may block that thread. If the sampler finds a callback slow in the very moment it returns, and the
/// loop has not noticed, the sampler ends it, and posts the policy's action to the loop.
/// </remarks>
internal sealed class LoopWatchdog : Sampled, IMailboxItem<Overrun>
{
    // In nanoseconds: how long the loop must be idle before the sampler parks. The loop's next phase then has to wake it, with a system
    // call.
    private const long IdleBeforeParking = 1_000_000_000;

    // How many returned slow callbacks may be queued for reporting. Each keeps its target alive, and a handler of reports may block for
    // ever.
    private const int MostReturned = 1024;

    private readonly LoopCore _core;
    private readonly CallbackBudgets _budgets;
    private readonly SlowCallbackLog _log;
    private readonly LoopProgress _progress;
    private readonly OverrunTracker _tracker;
    private readonly long _period;
    private readonly bool _isExact;
    private readonly Standstills? _standstills;
    private readonly ServiceNotifier? _notifier;
    private readonly CriticalLoop? _critical;
    private readonly ConcurrentQueue<Overrun> _returned = new();
    private readonly List<Finding> _found = [];
    private volatile SlowCallbackPolicy _policy;

    // What the sampler has not taken over yet.
    private WatchdogOptions? _changed;
    private long _lastTurn;
    private long _quietSince;

    public LoopWatchdog(LoopCore core, WatchdogOptions options, SlowCallbackLog log)
    {
        _core = core;
        _budgets = core.Budgets;
        _log = log;
        _isExact = options.ExactTiming;
        _standstills = _isExact ? new Standstills() : null;
        _policy = options.Policy;
        _period = Nanoseconds.Of(options.SamplingPeriod);
        _progress = new LoopProgress(_isExact, OnReturned, Sampler.Wake);
        _notifier = options.Notifier;
        _critical = options.IsCritical ? new CriticalLoop(_progress, core.Lifetime) : null;
        _tracker = new OverrunTracker(new TrackerRules(
            CallbackBudgets.NanosecondsOf(options.PhaseBudget),
            Nanoseconds.Of(options.ReportInterval),
            _budgets.Of,
            static sample => OwnedCallback.Of(sample.Subject!, sample.Phase).Owner.Key));
    }

    /// <summary>Where the loop publishes what it does.</summary>
    public LoopProgress Progress => _progress;

    /// <summary>
    /// Applies what can change: budgets, the policy and the interval of reports. On the loop; the sampler takes it over with its next
    /// sample.
    /// </summary>
    public void Configure(WatchdogOptions options)
    {
        _budgets.SetDefault(CallbackBudgets.NanosecondsOf(options.CallbackBudget));
        _policy = options.Policy;
        Volatile.Write(ref _changed, options);
    }

    /// <summary>The manager is constructed: sampling begins.</summary>
    public void Start()
    {
        Sampler.Add(this);
        if (_critical is not null)
        {
            _notifier?.Channel?.Watch(_critical);
        }
    }

    /// <summary>The manager is disposed: takes a last sample.</summary>
    public void End()
    {
        if (_critical is not null)
        {
            _notifier?.Channel?.Unwatch(_critical);
        }

        Sampler.Remove(this);
    }

    public override void Park(bool isParked) => _progress.Park(isParked);

    public override bool IsQuiet =>
        _progress.Read() is { Phase: LoopPhase.Waiting } sample && sample.Turn == _lastTurn && _returned.IsEmpty;

    int IMailboxItem<Overrun>.Deliver(Overrun overrun)
    {
        Apply(overrun);
        return 0;
    }

    // The report contains everything, and the owner is gone with the manager.
    bool IMailboxItem<Overrun>.Abandon(Overrun overrun) => true;

    protected override long Sample(long now)
    {
        if (Interlocked.Exchange(ref _changed, null) is { } changed)
        {
            _tracker.Configure(CallbackBudgets.NanosecondsOf(changed.PhaseBudget), Nanoseconds.Of(changed.ReportInterval));
        }

        // In this order: if the sample shows a callback to be over, the loop has already queued it.
        ProgressSample sample = _progress.Read();
        long later = MonotonicClock.NowNanoseconds;
        _standstills?.Look(in sample, now);
        TakeReturned(in sample, now);
        _found.Clear();
        _tracker.Observe(in sample, now, later, _found);
        foreach (Finding finding in _found)
        {
            Handle(finding);
        }

        if (sample.Turn != _lastTurn || sample.Phase != LoopPhase.Waiting)
        {
            _lastTurn = sample.Turn;
            _quietSince = now;
        }

        IsIdle = now - _quietSince >= IdleBeforeParking;
        return now + _period;
    }

    // On the loop.
    private void OnReturned()
    {
        long now = MonotonicClock.NowNanoseconds;
        ProgressSample here = _progress.Here;
        var flagged = (Overrun?)_progress.TakeFlag();
        Overrun? overrun = _isExact ? Measure(in here, flagged, now) : flagged;
        if (overrun is not null)
        {
            overrun.End(overrun.Callback.IsSameCallback(in here) ? overrun.AgeAt(now) : overrun.Age);
            Hand(overrun, isCounted: flagged is not null && flagged.Callback.IsSameCallback(overrun.Callback));
            Apply(overrun);
            now = _isExact ? MonotonicClock.NowNanoseconds : now;
        }

        if (_isExact)
        {
            _progress.Restart(now);
        }
    }

    // To the sampler, which may be busy with a handler. Callbacks that exceed the queue are counted but not reported.
    private void Hand(Overrun overrun, bool isCounted)
    {
        if (_returned.Count < MostReturned)
        {
            _returned.Enqueue(overrun);
        }
        else if (!isCounted)
        {
            _log.Count(isPhase: false, isReported: false);
        }
    }

    // By the loop's own clock. A callback that the sampler has reported as running counts as over its budget even if the budget has changed
    // since.
    private Overrun? Measure(in ProgressSample here, Overrun? flagged, long now)
    {
        bool wasSeen = flagged is not null && flagged.Callback.IsSameCallback(in here);
        long elapsed = now - here.Started;
        if (here.Subject is null || (!wasSeen && elapsed <= _budgets.Smallest))
        {
            return null;
        }

        elapsed -= elapsed > OverrunTracker.LongestGap ? _standstills!.Within(here.Started, now) : 0;
        long budget = wasSeen ? flagged!.Budget : _budgets.Of(here.Subject);
        return wasSeen || elapsed > budget ? new Overrun(in here, isPhase: false, elapsed, now, budget) : null;
    }

    private void TakeReturned(in ProgressSample sample, long now)
    {
        while (_returned.TryDequeue(out Overrun? overrun))
        {
            if (_isExact && _tracker.OnReturned(overrun, in sample, now))
            {
                Count(overrun);
            }

            Report(SlowCallbackKind.Ended, overrun);
        }
    }

    private void Handle(Finding finding)
    {
        Overrun overrun = finding.Overrun;
        switch (finding.Kind)
        {
            case FindingKind.Running:
                OnOverBudget(overrun);
                break;
            case FindingKind.Overdue:
                _log.Uncount();
                Report(overrun.IsPhase ? SlowCallbackKind.PhaseRunning : SlowCallbackKind.Running, overrun);
                break;
            case FindingKind.Gone:
                if (_progress.TryTakeFlag(overrun))
                {
                    EndUnnoticed(overrun);
                }

                break;
            case FindingKind.PhaseRunning:
                Count(overrun);
                Report(SlowCallbackKind.PhaseRunning, overrun);
                break;
            case FindingKind.PhaseEnded:
                Report(SlowCallbackKind.PhaseEnded, overrun);
                break;
        }
    }

    private void OnOverBudget(Overrun overrun)
    {
        // Checked again: a callback that has returned meanwhile does not hang.
        if (_policy == SlowCallbackPolicy.FailFast && _progress.Read().IsSameCallback(overrun.Callback))
        {
            SlowCallbackLog.FailFast(Describe(SlowCallbackKind.Running, overrun, overrun.OwnerHistory).ToString(), _notifier);
        }

        Count(overrun);
        bool stillRuns = _progress.Flag(overrun, overrun.Callback);
        Report(SlowCallbackKind.Running, overrun);
        if (!stillRuns)
        {
            EndUnnoticed(overrun);
        }
    }

    // With exact timing the loop has noticed by itself.
    private void EndUnnoticed(Overrun overrun)
    {
        if (_isExact)
        {
            return;
        }

        overrun.End(overrun.Age);
        Report(SlowCallbackKind.Ended, overrun);
        if (_policy is SlowCallbackPolicy.Detach or SlowCallbackPolicy.Stop)
        {
            _core.Mailbox.PostUnbounded(this, overrun);
        }
    }

    // On the loop, when the callback has returned. The owner's history is left out: the sampler owns it and may not have it yet.
    private void Apply(Overrun overrun)
    {
        if (_policy == SlowCallbackPolicy.Report)
        {
            return;
        }

        string incident = Describe(SlowCallbackKind.Ended, overrun, history: default).Incident;
        if (_policy == SlowCallbackPolicy.FailFast)
        {
            SlowCallbackLog.FailFast(incident, _notifier);
        }

        OwnedCallback callback = OwnedCallback.Of(overrun.Callback.Subject!, overrun.Callback.Phase);
        _core.Faults.OnOverran(callback, incident, _policy == SlowCallbackPolicy.Detach ? FaultPolicy.Detach : FaultPolicy.Throw);
    }

    private void Count(Overrun overrun) => _log.Count(overrun.IsPhase, overrun.OwnerHistory.IsReported);

    private void Report(SlowCallbackKind kind, Overrun overrun)
    {
        if (overrun.OwnerHistory.IsReported)
        {
            _log.Report(Describe(kind, overrun, overrun.OwnerHistory));
        }
    }

    private SlowCallbackReport Describe(SlowCallbackKind kind, Overrun overrun, OwnerHistory history)
    {
        ProgressSample callback = overrun.Callback;
        OwnedCallback? owned = callback.Subject is null ? null : OwnedCallback.Of(callback.Subject, callback.Phase);
        return new SlowCallbackReport(kind, _core.Name, owned?.ToString() ?? "nobody's callback")
        {
            SubscriberId = (owned?.Owner as Subscriber)?.Id ?? default,
            Event = owned?.Owner as CallbackEvent,
            Method = owned?.Owner.MethodName ?? "",
            Fd = owned?.Fd >= 0 ? owned.Fd : null,
            Phase = callback.Phase,
            Elapsed = Nanoseconds.ToTimeSpan(kind is SlowCallbackKind.Ended or SlowCallbackKind.PhaseEnded ? overrun.Took : overrun.Age),
            Budget = Nanoseconds.ToTimeSpan(overrun.Budget),
            OverrunsBefore = history.Before,
            Suppressed = history.Suppressed,
        };
    }
}
