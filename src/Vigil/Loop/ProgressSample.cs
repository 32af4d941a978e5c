namespace Vigil;

/// <summary>
/// What a loop was doing at a moment. Two samples with the same turn, step and subject show the same callback, still running.
/// </summary>
/// <param name="Turn">Counts the phases that have begun; its low bits hold the phase.</param>
/// <param name="Step">Counts callbacks in phases where the same subject may recur.</param>
/// <param name="Subject">The subject of the running callback; null between phases.</param>
/// <param name="Started">When the callback began, in nanoseconds, where the loop reads the clock itself; otherwise 0.</param>
internal readonly record struct ProgressSample(long Turn, long Step, object? Subject, long Started)
{
    /// <summary>The number of low bits of a turn that hold the phase.</summary>
    public const int PhaseBits = 4;

    public LoopPhase Phase => (LoopPhase)(Turn & ((1 << PhaseBits) - 1));

    public bool IsSameCallback(in ProgressSample other) =>
        Turn == other.Turn && Step == other.Step && ReferenceEquals(Subject, other.Subject);
}
