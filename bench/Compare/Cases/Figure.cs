namespace Compare.Cases;

/// <summary>What a figure counts.</summary>
internal enum Unit
{
    /// <summary>Time, from nanoseconds to milliseconds as it fits.</summary>
    Nanoseconds,

    /// <summary>Memory.</summary>
    Bytes,

    /// <summary>How often in a second; more is better, other than with all else.</summary>
    PerSecond,

    /// <summary>A number.</summary>
    Count,
}

/// <summary>One of the figures that a case gives.</summary>
/// <param name="Name">What it is; empty where the case has no other.</param>
/// <param name="Unit">What it counts.</param>
internal sealed record Figure(string Name, Unit Unit)
{
    /// <summary>Whether its ratios are drawn.</summary>
    public bool IsPlotted { get; init; }

    public static Figure Time { get; } = new("", Unit.Nanoseconds) { IsPlotted = true };

    public static Figure Memory { get; } = new("", Unit.Bytes) { IsPlotted = true };
}
