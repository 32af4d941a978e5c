namespace Vigil.Benchmarks.Ratio;

/// <summary>The budget of a case. Null means no limit.</summary>
internal sealed record Budget(double? Ratio = null, double? Nanoseconds = null, double? AllocatedBytes = null)
{
    public static Budget None { get; } = new();

    /// <summary>Whether a result is within the budget; null if there is none, or if the limited figure was not measured.</summary>
    public bool? IsKeptBy(RatioResult result)
    {
        bool?[] verdicts =
        [
            Ratio is { } ratio && result.Ratios is { } ratios ? ratios.Median <= ratio : null,
            Nanoseconds is { } nanoseconds ? result.Vigil.Median <= nanoseconds : null,

            // Less than half a byte in a hundred operations is the runtime's own background, not the operation's.
            AllocatedBytes is { } bytes ? result.AllocatedBytes.Median < bytes + 0.005 : null,
        ];
        bool isWhole = Ratio is null || result.Ratios is not null;
        return verdicts.Contains(false) ? false : verdicts.Contains(true) && isWhole ? true : null;
    }

    public string Describe(TimeUnit unit)
    {
        List<string> limits = [];
        if (Ratio is { } ratio)
        {
            limits.Add($"≤ {ratio:F2}×");
        }

        if (Nanoseconds is { } nanoseconds)
        {
            limits.Add($"≤ {nanoseconds / unit.Nanoseconds:0.##} {unit.Symbol}");
        }

        if (AllocatedBytes is { } bytes)
        {
            limits.Add($"{bytes:0} B");
        }

        return limits.Count == 0 ? "–" : string.Join(", ", limits);
    }
}

/// <summary>The time unit of a case in the table.</summary>
internal sealed record TimeUnit(string Symbol, double Nanoseconds)
{
    public static TimeUnit Nanosecond { get; } = new("ns", 1);

    public static TimeUnit Microsecond { get; } = new("µs", 1_000);
}
