namespace Vigil.Watchdog;

/// <summary>A callback, or a phase, that took longer than its budget.</summary>
internal sealed class Overrun
{
    private long _end;

    /// <param name="callback">Which callback; for a phase, the one that ran when it was noticed.</param>
    /// <param name="isPhase">Whether it is the phase that is over its budget.</param>
    /// <param name="since">When it began, or was first seen, in nanoseconds.</param>
    /// <param name="seen">When it was last seen running.</param>
    /// <param name="budget">What it has exceeded, in nanoseconds.</param>
    public Overrun(in ProgressSample callback, bool isPhase, long since, long seen, long budget)
    {
        Callback = callback;
        IsPhase = isPhase;
        Since = since;
        LastSeen = seen;
        Budget = budget;
    }

    public ProgressSample Callback { get; }

    public bool IsPhase { get; }

    public long Since { get; }

    public long Budget { get; }

    /// <summary>How it stands with its owner. The sampler's.</summary>
    public Offence Offence { get; set; }

    /// <summary>When it was last seen running. The sampler's to write; the loop may read it a moment old.</summary>
    public long LastSeen { get; set; }

    /// <summary>When it ended; 0 while it runs.</summary>
    public long End => Volatile.Read(ref _end);

    public void EndAt(long time) => Volatile.Write(ref _end, time);
}

/// <summary>How often an owner was over its budget before, and whether this time it is reported.</summary>
/// <param name="Before">How often before this one.</param>
/// <param name="IsReported">Whether it is; otherwise it came too soon after the last one that was, and is counted.</param>
/// <param name="Suppressed">How many were not reported since the last one that was.</param>
internal readonly record struct Offence(long Before, bool IsReported, long Suppressed);
