namespace Vigil;

/// <summary>A callback, or a phase, that took longer than its budget.</summary>
/// <remarks>
/// The age excludes time in which the process stood still. The sampler writes when it last saw the callback running, then its age at that
/// time; the loop reads them in the opposite order. So the loop's result when the callback returns may be short by what the sampler is just
/// adding, and is never too long.
/// </remarks>
internal sealed class Overrun
{
    private long _seen;
    private long _age;
    private long _took;

    /// <param name="callback">The callback; for a phase, the one that was running when the phase was noticed.</param>
    /// <param name="isPhase">Whether the phase, not the callback, is over its budget.</param>
    /// <param name="age">How long it had been running, in nanoseconds.</param>
    /// <param name="seen">When it was seen at that age.</param>
    /// <param name="budget">The exceeded budget, in nanoseconds.</param>
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

    /// <summary>The owner's overrun history. For the sampler.</summary>
    public OwnerHistory OwnerHistory { get; set; }

    /// <summary>How long it had been running when last seen, in nanoseconds.</summary>
    public long Age => Volatile.Read(ref _age);

    /// <summary>How long it took in total; 0 while it runs.</summary>
    public long Took => Volatile.Read(ref _took);

    /// <summary>It was seen running. For the sampler.</summary>
    public void SeenAt(long now, long age)
    {
        Volatile.Write(ref _seen, now);
        Volatile.Write(ref _age, age);
    }

    /// <summary>
    /// Its age if it is still running. For the loop. If the sampler has not seen it for longer than the gap, the process stood still, and
    /// that time is not counted.
    /// </summary>
    public long AgeAt(long now)
    {
        long age = Age;
        long unseen = now - Volatile.Read(ref _seen);
        return unseen > OverrunTracker.LongestGap ? age : age + unseen;
    }

    public void End(long took) => Volatile.Write(ref _took, took);
}

/// <summary>How often an owner was over its budget before, and whether this overrun is reported.</summary>
/// <param name="Before">The number of earlier overruns.</param>
/// <param name="IsReported">Whether it is reported. If not, it came too soon after the last report, and is counted.</param>
/// <param name="Suppressed">How many overruns since the last report were not reported.</param>
internal readonly record struct OwnerHistory(long Before, bool IsReported, long Suppressed);
