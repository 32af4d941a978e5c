namespace MetricsGateway.Flushing;

/// <summary>
/// The timestamps of flushes: multiples of the flush interval since 1970, as the slots of a time-series database are. Each flush has its
/// own, however late it is, so no flush replaces another one and no slot stays empty.
/// </summary>
internal sealed class FlushTimes
{
    // In intervals. A clock that is set back further than this starts anew, and timestamps repeat.
    private const int LargestStepBack = 2;

    private DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>The time until the next multiple; never zero.</summary>
    public static TimeSpan UntilNext(DateTimeOffset now, TimeSpan interval) => interval - Phase(now, interval);

    /// <summary>The distance of a time from the nearest multiple; negative if the time is before it.</summary>
    public static TimeSpan Deviation(DateTimeOffset time, TimeSpan interval)
    {
        TimeSpan phase = Phase(time, interval);
        return phase > interval / 2 ? phase - interval : phase;
    }

    /// <summary>
    /// When the current interval has to end: at the next multiple that was not used as a timestamp. If the clock was set back a little,
    /// that is later than the next multiple; otherwise each flush from then on would have a timestamp in the future.
    /// </summary>
    public DateTimeOffset EndAfter(DateTimeOffset now, TimeSpan interval) => Untold(now + UntilNext(now, interval), interval);

    /// <summary>The timestamp that <see cref="ForDue"/> will give to an interval that is due then.</summary>
    public DateTimeOffset Expected(DateTimeOffset due, TimeSpan interval) => Untold(due - Deviation(due, interval), interval);

    /// <summary>The timestamp of an interval that ended at its due time, or slightly off because clocks are not exact.</summary>
    public DateTimeOffset ForDue(DateTimeOffset due, TimeSpan interval) => _last = Expected(due, interval);

    /// <summary>
    /// The timestamp of the interval that the gateway's stop cuts short: the time at which it would have ended. With the time of its real
    /// end it would replace the complete interval before it.
    /// </summary>
    public DateTimeOffset ForLast(DateTimeOffset now, TimeSpan interval) =>
        _last = Untold(Phase(now, interval) == TimeSpan.Zero ? now : now + UntilNext(now, interval), interval);

    private static TimeSpan Phase(DateTimeOffset time, TimeSpan interval)
    {
        long phase = (time - DateTimeOffset.UnixEpoch).Ticks % interval.Ticks;
        return TimeSpan.FromTicks(phase < 0 ? phase + interval.Ticks : phase);
    }

    private DateTimeOffset Untold(DateTimeOffset time, TimeSpan interval) =>
        time <= _last && _last - time < LargestStepBack * interval ? _last + UntilNext(_last, interval) : time;
}
