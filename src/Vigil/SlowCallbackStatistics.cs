namespace Vigil;

/// <summary>What a manager's watchdog has seen so far.</summary>
/// <param name="Callbacks">How many callbacks exceeded their budget, those that were not reported included.</param>
/// <param name="Phases">How many phases did.</param>
/// <param name="Suppressed">How many of both were not reported, because the same owner's last report was too recent.</param>
/// <param name="Latest">The latest reports, at most 16, the oldest first.</param>
public sealed record SlowCallbackStatistics(long Callbacks, long Phases, long Suppressed, IReadOnlyList<SlowCallbackReport> Latest);
