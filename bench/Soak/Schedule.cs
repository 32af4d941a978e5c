namespace Soak;

/// <summary>How long everything lasts: a warm-up, a rest with which the others are compared, and rounds with a rest after each.</summary>
/// <param name="WarmUp">The load before the first rest. Code is compiled, buffers and pools get their size.</param>
/// <param name="Round">The load of a round.</param>
/// <param name="Rounds">The number of rounds.</param>
/// <param name="Idle">How long a rest lasts when everything has ended.</param>
/// <param name="IdleTimeout">The gateway's limit for silent connections, which ends those whose client has vanished.</param>
/// <param name="FlushInterval">The gateway's.</param>
/// <param name="LongestStop">The longest time for which the gateway is stopped.</param>
/// <param name="DisturbancePause">The longest time between two disturbances of the gateway.</param>
/// <param name="SamplePeriod">The time between two samples.</param>
internal sealed record Schedule(
    TimeSpan WarmUp,
    TimeSpan Round,
    int Rounds,
    TimeSpan Idle,
    TimeSpan IdleTimeout,
    TimeSpan FlushInterval,
    TimeSpan LongestStop,
    TimeSpan DisturbancePause,
    TimeSpan SamplePeriod)
{
    public static Schedule Of(SoakOptions options) => options.IsQuick ? Quick : Over(TimeSpan.FromMinutes(options.Minutes));

    private static Schedule Quick => new(
        WarmUp: TimeSpan.FromSeconds(2),
        Round: TimeSpan.FromSeconds(3),
        Rounds: 1,
        Idle: TimeSpan.FromSeconds(1),
        IdleTimeout: TimeSpan.FromSeconds(3),
        FlushInterval: TimeSpan.FromMilliseconds(200),
        LongestStop: TimeSpan.FromMilliseconds(200),
        DisturbancePause: TimeSpan.FromMilliseconds(200),
        SamplePeriod: TimeSpan.FromMilliseconds(200));

    // A rest takes the idle time-out, the idle time and a second or two.
    private static Schedule Over(TimeSpan all)
    {
        const int Parts = 6;
        var rest = TimeSpan.FromSeconds(12);
        TimeSpan load = all - ((Parts + 1) * rest);
        TimeSpan part = TimeSpan.FromSeconds(Math.Max(2, load.TotalSeconds / (Parts + 1)));
        return new Schedule(
            WarmUp: part,
            Round: part,
            Rounds: Parts,
            Idle: TimeSpan.FromSeconds(5),
            IdleTimeout: TimeSpan.FromSeconds(5),
            FlushInterval: TimeSpan.FromSeconds(1),
            LongestStop: TimeSpan.FromSeconds(2),
            DisturbancePause: TimeSpan.FromSeconds(3),
            SamplePeriod: TimeSpan.FromSeconds(1));
    }
}
