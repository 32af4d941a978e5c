namespace Vigil;

/// <summary>What a manager's watchdog has found so far.</summary>
public sealed record SlowCallbackStatistics
{
    /// <summary>How many callbacks exceeded their budget, including those not reported.</summary>
    public long Callbacks { get; init; }

    /// <summary>How many phases exceeded their budget, including those not reported.</summary>
    public long Phases { get; init; }

    /// <summary>How many of both were not reported because the same owner's last report was too recent.</summary>
    public long Suppressed { get; init; }

    /// <summary>The latest reports, at most 16, the oldest first.</summary>
    public IReadOnlyList<SlowCallbackReport> Latest { get; init; } = [];
}
