using Vigil.Timing;

namespace Vigil;

/// <summary>What ends the loop's wait for one clock: the clock's descriptor, as a source of the loop.</summary>
/// <remarks>
/// Foreign code may close the descriptor's number, which is or will be another file's. That shows when the table drops the source, or when
/// the kernel refuses to set the timer. No run ends because of it. The descriptor is forgotten, and another one is opened before the next
/// wait, but only one a second: what keeps failing must not keep the loop busy. Meanwhile the poller's deadline ends the wait. That is a
/// little later; and for a clock that can be set or that counts suspensions, which end no such wait, the loop looks every second.
/// The first refusal in a row is reported.
/// </remarks>
internal sealed class ClockWaker
{
    // As for other descriptors of the manager's own. In nanoseconds.
    private const long Pause = OwnSource.Pause;

    private readonly LoopCore _core;
    private ClockSource? _source;
    private long _opensAt;
    private bool _isFailing;
    private bool _mayHaveMissedStep;

    public ClockWaker(LoopCore core, ClockTimers timers)
    {
        _core = core;
        Timers = timers;
    }

    public ClockTimers Timers { get; }

    /// <summary>Makes the clock a source of the loop. The caller closes the clock if that fails.</summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public void Open()
    {
        _opensAt = MonotonicClock.NowNanoseconds + Pause;
        if (Timers.Clock.Open() is { } fd)
        {
            var source = new ClockSource(_core, fd, Timers);
            _core.SourceTable.Add(source).ThrowIfFailed();
            _source = source;
        }

        Timers.HasWaker = true;
    }

    /// <summary>Before a wait: makes it end when the next timer is due. Returns the poller's deadline.</summary>
    /// <param name="callersDeadline">The deadline of a caller who measures by this clock.</param>
    public Deadline PrepareWait(Deadline callersDeadline)
    {
        bool isNew = !Timers.HasWaker && TryOpenAgain();
        if (!Timers.HasWaker)
        {
            return WithoutWaker(callersDeadline);
        }

        try
        {
            Deadline deadline = Timers.PrepareWait(callersDeadline);
            _isFailing = false;

            // A step between the two descriptors ends no wait.
            return isNew && Timers.WantsSteps ? Deadline.Immediate : deadline;
        }
        catch (EventManagerException refusal) when (_source is { State: not SourceState.Removed })
        {
            OnRefused(_source, refusal);

            // A handler of the report may have given the loop work, which ends no wait.
            return Deadline.Immediate;
        }
    }

    /// <summary>Whether a step of the clock since the last call may have ended no wait.</summary>
    public bool MayHaveMissedStep()
    {
        bool may = _mayHaveMissedStep || !Timers.HasWaker;
        _mayHaveMissedStep = false;
        return may;
    }

    /// <summary>Before the clock's descriptor is read although the kernel has not reported it: drops it if it is another file's.</summary>
    public void Check()
    {
        if (_source is { State: not SourceState.Removed })
        {
            _ = _core.SourceTable.IsStillOfItsFile(_source);
        }
    }

    private bool TryOpenAgain()
    {
        if (MonotonicClock.NowNanoseconds < _opensAt)
        {
            return false;
        }

        try
        {
            Open();
        }
        catch (EventManagerException)
        {
            // Out of descriptors or watches. That the last one was lost is reported.
            Timers.Clock.Close();
            return false;
        }

        _mayHaveMissedStep = true;
        return true;
    }

    private Deadline WithoutWaker(Deadline callersDeadline)
    {
        if (Timers.Clock.IsPollersClock)
        {
            return Timers.PrepareWait(callersDeadline);
        }

        long next = Timers.NextDeadline;
        if (next == TimingWheel.Never && !Timers.WantsSteps)
        {
            return Deadline.Infinite;
        }

        long now = Timers.Clock.Now;
        return Deadline.At(MonotonicClock.NowNanoseconds + (next <= now ? 0 : Math.Min(next - now, Pause)));
    }

    private void OnRefused(ClockSource source, EventManagerException refusal)
    {
        // The kernel says whether the number is still the timer's, which is closed then. Either way the clock has no descriptor any more.
        _core.SourceTable.Remove(source);
        if (_isFailing)
        {
            return;
        }

        _isFailing = true;
        _core.Faults.Report(new Fault(FaultOrigin.Registration, new EventManagerException(
            EventManagerError.System,
            $"The timerfd of {_core.Name} for the clock {Timers.Kind} (fd {source.Number}) cannot be set: {refusal.Message} "
                + "Was the number of a descriptor closed that was not yours? Another timerfd is opened; until then timers are less exact.",
            source.Number,
            refusal.Errno))
        {
            Fd = source.Number,
        });
    }
}
