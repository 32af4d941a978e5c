namespace Compare.Cases;

/// <summary>The unit of a figure.</summary>
internal enum Unit
{
    /// <summary>Time, shown in nanoseconds to milliseconds as fits.</summary>
    Nanoseconds,

    /// <summary>Memory.</summary>
    Bytes,

    /// <summary>A rate per second; more is better, unlike for all other units.</summary>
    PerSecond,

    /// <summary>A number.</summary>
    Count,
}

/// <summary>One of the figures of a case.</summary>
/// <param name="Name">Its name; empty if the case has only one.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record Figure(string Name, Unit Unit)
{
    /// <summary>Whether its ratios are plotted.</summary>
    public bool IsPlotted { get; init; }

    public static Figure Time { get; } = new("", Unit.Nanoseconds) { IsPlotted = true };

    public static Figure Memory { get; } = new("", Unit.Bytes) { IsPlotted = true };
}
