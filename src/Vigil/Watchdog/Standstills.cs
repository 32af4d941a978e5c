namespace Vigil;

/// <summary>
/// For a loop that measures its callbacks by its own clock: the time in which the whole process stood still while the current one ran. The sampler notes when it has not looked for
/// longer than <see cref="OverrunTracker.LongestGap"/>; the loop asks when a callback returns that took longer than that.
/// </summary>
/// <remarks>
/// After a stop either may come first. If it is the loop, it finds that the sampler has not looked for long, and has not noted it. The sampler notes, then says that it
/// has looked; the loop reads in the opposite order, so it finds a stop noted, or not yet looked at, and counts it once.
/// </remarks>
internal sealed class Standstills
{
    // Those of the current callback: replaced, never changed.
    private Span[] _all = [];
    private long _lookedAt;

    /// <summary>The sampler looks.</summary>
    public void Look(in ProgressSample sample, long now)
    {
        long started = sample.Started;
        if (sample.Subject is not null && now - _lookedAt > OverrunTracker.LongestGap && now - started > OverrunTracker.LongestGap)
        {
            Volatile.Write(ref _all, [.. _all.Where(span => span.To > started), new Span(_lookedAt, now)]);
        }

        Volatile.Write(ref _lookedAt, now);
    }

    /// <summary>For how many nanoseconds of this time the process stood still: for the loop.</summary>
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
