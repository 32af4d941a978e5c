namespace Compare.Cases;

/// <summary>The number of operations per turn.</summary>
/// <param name="Count">The number, or the first one.</param>
/// <param name="IsCalibrated">Whether it is adjusted so that a turn takes its intended time, for peers of any speed.</param>
internal sealed record Amount(long Count, bool IsCalibrated)
{
    // Fewer operations are no measurement; more do not fit into the drivers' integers.
    private const long Least = 10;
    private const long Most = 500_000_000;

    public static Amount Exactly(long count) => new(count, IsCalibrated: false);

    public static Amount ToTakeTime(long first = 1_000) => new(first, IsCalibrated: true);

    /// <summary>The number of operations that fill a turn.</summary>
    /// <param name="turn">Its length.</param>
    /// <param name="nanoseconds">The time of one operation.</param>
    public static long For(TimeSpan turn, double nanoseconds) =>
        Math.Clamp((long)(turn.TotalNanoseconds / Math.Max(nanoseconds, 0.1)), Least, Most);
}
