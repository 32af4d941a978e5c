namespace Vigil;

/// <summary>How work ended.</summary>
public enum WorkOutcome
{
    /// <summary>It ran.</summary>
    Done,

    /// <summary>It threw; whoever sent it was told.</summary>
    Failed,

    /// <summary>It was cancelled before it began.</summary>
    Cancelled,
}
