namespace Vigil;

/// <summary>How urgent work for a worker pool is. Work that waits becomes more urgent with time, so that none waits for ever.</summary>
public enum WorkPriority
{
    /// <summary>The default.</summary>
    Normal = 0,

    /// <summary>Before everything that was sent at about the same time.</summary>
    High = 1,

    /// <summary>When nothing else is to be done, or when it has waited long enough.</summary>
    Low = 2,
}
