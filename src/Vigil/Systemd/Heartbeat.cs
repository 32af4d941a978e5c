namespace Vigil;

/// <summary>
/// When the next <c>WATCHDOG=1</c> is due, and whether the loops deserve it. Under the notifier's lock. Times are in nanoseconds.
/// </summary>
/// <remarks>
/// A loop is alive if it has begun a phase since the last beat, or if it is running and waits. Then it is not held up by a callback: a
/// parked loop begins a phase as soon as there is work. A loop that is not run, before its first run or between two, is alive only if it
/// has turned. If one loop is not alive the beat is late, not left out: the loops are looked at again soon.
/// </remarks>
internal sealed class Heartbeat
{
    // A late beat is tried again after this part of the time between two, within these limits.
    private const int Looks = 50;
    private const long ShortestLook = 10_000_000;
    private const long LongestLook = 1_000_000_000;

    private readonly List<CriticalLoop> _loops = [];
    private long _dueAt;

    /// <summary>The time between two beats; 0 if none are wanted.</summary>
    public long Period { get; private set; }

    /// <summary>When to look; <see cref="long.MaxValue"/> for never.</summary>
    public long DueAt => Period == 0 || _loops.Count == 0 ? long.MaxValue : _dueAt;

    /// <summary>Changes the time between two beats; the next one is due now.</summary>
    public void SetPeriod(long period, long now)
    {
        Period = period;
        _dueAt = now;
    }

    /// <summary>A loop without which there is no beat. The next one is due now.</summary>
    public void Add(CriticalLoop loop, long now)
    {
        _loops.Add(loop);
        _dueAt = now;
    }

    /// <summary>The loop's manager is disposed.</summary>
    public void Remove(CriticalLoop loop) => _loops.Remove(loop);

    /// <summary>Whether to beat now.</summary>
    public bool IsDue(long now)
    {
        if (now < DueAt)
        {
            return false;
        }

        if (_loops.TrueForAll(loop => loop.IsAlive))
        {
            return true;
        }

        Postpone(now);
        return false;
    }

    /// <summary>The beat was sent.</summary>
    public void OnBeat(long now)
    {
        _loops.ForEach(loop => loop.OnBeat());
        _dueAt = now + Period;
    }

    /// <summary>The beat was not sent.</summary>
    public void Postpone(long now) => _dueAt = now + Math.Clamp(Period / Looks, ShortestLook, LongestLook);
}

/// <summary>A loop that must be alive.</summary>
/// <param name="progress">What it publishes for the watchdog.</param>
/// <param name="lifetime">Knows whether it is run.</param>
internal sealed class CriticalLoop(LoopProgress progress, LoopLifetime lifetime)
{
    // Of the last look that has found it alive, and of the last beat.
    private long _seenTurn;
    private long _lastTurn;

    /// <summary>Whether it has begun a phase since the last beat, or waits in a run.</summary>
    public bool IsAlive
    {
        get
        {
            ProgressSample sample = progress.Read();
            _seenTurn = sample.Turn;
            return sample.Turn != _lastTurn || (sample.Phase == LoopPhase.Waiting && lifetime.IsRunning);
        }
    }

    public void OnBeat() => _lastTurn = _seenTurn;
}
