namespace MetricsGateway.Flushing;

/// <summary>
/// The times that flushes are told under: multiples of the flush interval since 1970, as the slots of a time-series database are. Each
/// flush has one of its own, however late it is, so that none takes the place of another one and no slot stays empty.
/// </summary>
internal sealed class FlushTimes
{
    // A clock that is set back further than this starts anew; what it tells again is told under the same times again.
    private const int LargestStepBack = 2;

    private DateTimeOffset _last = DateTimeOffset.MinValue;

    /// <summary>How long it is until the next multiple; never nothing.</summary>
    public static TimeSpan UntilNext(DateTimeOffset now, TimeSpan interval) => interval - Phase(now, interval);

    /// <summary>How far a time is from the multiple that is next to it; negative if it is before that.</summary>
    public static TimeSpan Deviation(DateTimeOffset time, TimeSpan interval)
    {
        TimeSpan phase = Phase(time, interval);
        return phase > interval / 2 ? phase - interval : phase;
    }

    /// <summary>
    /// When an interval that runs is to end: at the next multiple that was not told. Where the clock was set back a little, that is later
    /// than the next one: otherwise each flush from then on would be told under a time that has not come yet.
    /// </summary>
    public DateTimeOffset EndAfter(DateTimeOffset now, TimeSpan interval) => Untold(now + UntilNext(now, interval), interval);

    /// <summary>What <see cref="ForDue"/> will tell of an interval that is due then.</summary>
    public DateTimeOffset Expected(DateTimeOffset due, TimeSpan interval) => Untold(due - Deviation(due, interval), interval);

    /// <summary>For an interval that has ended when it was due, or a little off because the clock is not perfect.</summary>
    public DateTimeOffset ForDue(DateTimeOffset due, TimeSpan interval) => _last = Expected(due, interval);

    /// <summary>
    /// For the interval that is cut short because the gateway stops. It is that at which it would have ended: under the time of its real
    /// end it would take the place of the complete interval before it.
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
