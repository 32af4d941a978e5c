namespace Vigil;

/// <summary>How work ended.</summary>
public enum WorkOutcome
{
    /// <summary>It ran.</summary>
    Done,

    /// <summary>It threw. The exception was reported to the sender.</summary>
    Failed,

    /// <summary>It was cancelled before it began.</summary>
    Cancelled,
}
