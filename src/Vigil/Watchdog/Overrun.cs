namespace Vigil;

/// <summary>A callback, or a phase, that took longer than its budget.</summary>
/// <remarks>
/// The age is without the time in which the process stood still. The sampler writes when it last saw it running, then the age that it had then; the loop reads them in the opposite order. So
/// what the loop makes of them when the callback returns may be short by what the sampler is just adding, and is never too long.
/// </remarks>
internal sealed class Overrun
{
    private long _seen;
    private long _age;
    private long _took;

    /// <param name="callback">Which callback; for a phase, the one that ran when it was noticed.</param>
    /// <param name="isPhase">Whether it is the phase that is over its budget.</param>
    /// <param name="age">For how long it had been going on, in nanoseconds.</param>
    /// <param name="seen">When that was.</param>
    /// <param name="budget">What it has exceeded, in nanoseconds.</param>
    public Overrun(in ProgressSample callback, bool isPhase, long age, long seen, long budget)
    {
        Callback = callback;
        IsPhase = isPhase;
        Budget = budget;
        _age = age;
        _seen = seen;
    }

    public ProgressSample Callback { get; }

    public bool IsPhase { get; }

    public long Budget { get; }

    /// <summary>How it stands with its owner. The sampler's.</summary>
    public OwnerHistory OwnerHistory { get; set; }

    /// <summary>For how long it had been going on when it was last seen, in nanoseconds.</summary>
    public long Age => Volatile.Read(ref _age);

    /// <summary>How long it took in all; 0 while it runs.</summary>
    public long Took => Volatile.Read(ref _took);

    /// <summary>It was seen running: for the sampler.</summary>
    public void SeenAt(long now, long age)
    {
        Volatile.Write(ref _seen, now);
        Volatile.Write(ref _age, age);
    }

    /// <summary>How old it is, if it still runs: for the loop. Where the sampler has not seen it for long the process stood still, and that time is not counted.</summary>
    public long AgeAt(long now)
    {
        long age = Age;
        long unseen = now - Volatile.Read(ref _seen);
        return unseen > OverrunTracker.LongestGap ? age : age + unseen;
    }

    public void End(long took) => Volatile.Write(ref _took, took);
}

/// <summary>How often an owner was over its budget before, and whether this time it is reported.</summary>
/// <param name="Before">How often before this one.</param>
/// <param name="IsReported">Whether it is; otherwise it came too soon after the last one that was, and is counted.</param>
/// <param name="Suppressed">How many were not reported since the last one that was.</param>
internal readonly record struct OwnerHistory(long Before, bool IsReported, long Suppressed);
