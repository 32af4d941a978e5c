namespace Vigil;

/// <summary>
/// The times in which the whole process stood still during the current callback, for a loop that measures callbacks by its own clock. The
/// sampler notes a standstill when its last sample was longer than <see cref="OverrunTracker.LongestGap"/> ago. The loop asks when a
/// callback that took longer than that returns.
/// </summary>
/// <remarks>
/// After a stop either may run first. If it is the loop, it finds the sampler's last sample long ago and no standstill noted. The sampler
/// writes the standstill, then the sample time; the loop reads in the opposite order. So it finds a stop either noted or not yet sampled,
/// and counts it once.
/// </remarks>
internal sealed class Standstills
{
    // Those of the current callback. The array is replaced, never changed.
    private Span[] _all = [];
    private long _lookedAt;

    /// <summary>Notes a standstill since the last sample. For the sampler.</summary>
    public void Look(in ProgressSample sample, long now)
    {
        long started = sample.Started;
        if (sample.Subject is not null && now - _lookedAt > OverrunTracker.LongestGap && now - started > OverrunTracker.LongestGap)
        {
            Volatile.Write(ref _all, [.. _all.Where(span => span.To > started), new Span(_lookedAt, now)]);
        }

        Volatile.Write(ref _lookedAt, now);
    }

    /// <summary>How many nanoseconds of this time the process stood still. For the loop.</summary>
    /// <param name="since">When the current callback began.</param>
    /// <param name="now">The time.</param>
    public long Within(long since, long now)
    {
        long looked = Volatile.Read(ref _lookedAt);
        Span[] all = Volatile.Read(ref _all);
        long time = all.Sum(span => Math.Max(Math.Min(span.To, now) - Math.Max(span.From, since), 0));
        bool isNoted = all.Any(span => span.To > looked);
        return isNoted || now - looked <= OverrunTracker.LongestGap ? time : time + now - Math.Max(looked, since);
    }

    private readonly record struct Span(long From, long To);
}
