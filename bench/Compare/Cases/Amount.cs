namespace Compare.Cases;

/// <summary>How many operations make a turn.</summary>
/// <param name="Count">As many, or to begin with.</param>
/// <param name="IsCalibrated">Whether it is changed so that a turn takes its time, for peers of any speed.</param>
internal sealed record Amount(long Count, bool IsCalibrated)
{
    // Fewer say nothing, more do not fit the numbers of the drivers.
    private const long Least = 10;
    private const long Most = 500_000_000;

    public static Amount Exactly(long count) => new(count, IsCalibrated: false);

    public static Amount ToTakeTime(long first = 1_000) => new(first, IsCalibrated: true);

    /// <summary>What takes a turn's time.</summary>
    /// <param name="turn">Its length.</param>
    /// <param name="nanoseconds">What an operation takes.</param>
    public static long For(TimeSpan turn, double nanoseconds) =>
        Math.Clamp((long)(turn.TotalNanoseconds / Math.Max(nanoseconds, 0.1)), Least, Most);
}
