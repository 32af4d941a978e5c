namespace Vigil.Diagnostics;

/// <summary>Something that the process's watchdog samples. All members but <see cref="Retire"/> are for its thread alone.</summary>
internal abstract class Sampled
{
    private volatile bool _isRetired;

    /// <summary>When to sample it next, in nanoseconds of the monotonic clock.</summary>
    public long NextAt { get; private set; }

    /// <summary>
    /// Whether it has been inactive for so long that it lets the sampler sleep. It is still sampled while the sampler is awake.
    /// </summary>
    public bool IsIdle { get; protected set; }

    /// <summary>
    /// When it must be sampled even if everything is idle, in nanoseconds of the monotonic clock: the sampler's sleep ends then.
    /// <see cref="long.MaxValue"/> for never.
    /// </summary>
    public long WakeAt { get; protected set; } = long.MaxValue;

    /// <summary>Whether the next sample is its last.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>Called by <see cref="Sampler.Remove"/>. Any thread.</summary>
    public void Retire() => _isRetired = true;

    /// <param name="now">The time, in nanoseconds of the monotonic clock. It may be outdated when used: a thread can be preempted
    /// anywhere.</param>
    public void SampleIfDue(long now)
    {
        if (NextAt <= now || _isRetired)
        {
            NextAt = Sample(now);
        }
    }

    /// <summary>The sampler has slept: it is due now.</summary>
    public void LookNow() => NextAt = 0;

    /// <summary>
    /// Announces that the sampler is about to sleep without limit, so that activity must wake it; or that it is awake again.
    /// </summary>
    public abstract void Park(bool isParked);

    /// <summary>Whether it is still inactive, after <see cref="Park"/> and a process-wide memory barrier.</summary>
    public abstract bool IsQuiet { get; }

    /// <summary>Samples it and sets <see cref="IsIdle"/>. Returns when to sample again.</summary>
    protected abstract long Sample(long now);
}
