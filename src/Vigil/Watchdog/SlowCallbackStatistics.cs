namespace Vigil;

/// <summary>What a manager's watchdog has seen so far.</summary>
public sealed record SlowCallbackStatistics
{
    /// <summary>How many callbacks exceeded their budget, those that were not reported included.</summary>
    public long Callbacks { get; init; }

    /// <summary>How many phases did.</summary>
    public long Phases { get; init; }

    /// <summary>How many of both were not reported, because the same owner's last report was too recent.</summary>
    public long Suppressed { get; init; }

    /// <summary>The latest reports, at most 16, the oldest first.</summary>
    public IReadOnlyList<SlowCallbackReport> Latest { get; init; } = [];
}
