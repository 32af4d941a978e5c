using Vigil.Timing;

namespace Vigil.Watchdog;

/// <summary>Something that the process's watchdog looks at from time to time. All but <see cref="Retire"/> is for its thread alone.</summary>
internal abstract class Sampled
{
    /// <summary>What is returned by <see cref="Sample"/> where nothing goes on.</summary>
    public const long Never = TimingWheel.Never;

    private volatile bool _isRetired;

    /// <summary>When it is to be looked at next, in nanoseconds of the monotonic clock; <see cref="Never"/> while nothing goes on.</summary>
    public long NextAt { get; private set; }

    /// <summary>Whether it is to be looked at for a last time.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>Any thread, by way of <see cref="Sampler.Remove"/>.</summary>
    public void Retire() => _isRetired = true;

    public void SampleIfDue(long now)
    {
        if (NextAt <= now || NextAt == Never || _isRetired)
        {
            NextAt = Sample(now);
        }
    }

    /// <summary>Says that the sampler is going to sleep without limit, and must be woken when something begins to go on; or that it is awake again.</summary>
    public abstract void Park(bool isParked);

    /// <summary>Whether still nothing goes on, after <see cref="Park"/> and a fence of all threads.</summary>
    public abstract bool IsQuiet { get; }

    /// <summary>Looks. Returns when to look again, or <see cref="Never"/> where nothing goes on.</summary>
    protected abstract long Sample(long now);
}
