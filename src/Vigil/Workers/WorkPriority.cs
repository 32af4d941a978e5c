namespace Vigil;

/// <summary>How urgent work for a worker pool is. Waiting work becomes more urgent with time, so none starves.</summary>
public enum WorkPriority
{
    /// <summary>The default.</summary>
    Normal = 0,

    /// <summary>Runs before all work sent at about the same time.</summary>
    High = 1,

    /// <summary>Runs when nothing else is queued, or when it has waited long enough.</summary>
    Low = 2,
}
