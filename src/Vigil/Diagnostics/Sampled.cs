namespace Vigil.Diagnostics;

/// <summary>Something that the process's watchdog looks at from time to time. All but <see cref="Retire"/> is for its thread alone.</summary>
internal abstract class Sampled
{
    private volatile bool _isRetired;

    /// <summary>When it is to be looked at next, in nanoseconds of the monotonic clock.</summary>
    public long NextAt { get; private set; }

    /// <summary>Whether nothing has gone on for so long that the sampler may sleep for all it cares. It is looked at as ever while the sampler is awake.</summary>
    public bool IsIdle { get; protected set; }

    /// <summary>Whether it is to be looked at for a last time.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>Any thread, by way of <see cref="Sampler.Remove"/>.</summary>
    public void Retire() => _isRetired = true;

    /// <param name="now">The time, in nanoseconds of the monotonic clock. It may be older by the time it is used: a thread can be interrupted anywhere.</param>
    public void SampleIfDue(long now)
    {
        if (NextAt <= now || _isRetired)
        {
            NextAt = Sample(now);
        }
    }

    /// <summary>The sampler has slept: it is due.</summary>
    public void LookNow() => NextAt = 0;

    /// <summary>Says that the sampler is going to sleep without limit, and must be woken when something begins to go on; or that it is awake again.</summary>
    public abstract void Park(bool isParked);

    /// <summary>Whether still nothing goes on, after <see cref="Park"/> and a fence of all threads.</summary>
    public abstract bool IsQuiet { get; }

    /// <summary>Looks, and says whether it is idle. Returns when to look again.</summary>
    protected abstract long Sample(long now);
}
