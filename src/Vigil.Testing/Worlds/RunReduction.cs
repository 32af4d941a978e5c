namespace Vigil.Testing;

/// <summary>What is left out of a run of a seed, to find what its failure takes.</summary>
internal sealed record RunReduction
{
    /// <summary>Nothing is left out.</summary>
    public static RunReduction None { get; } = new();

    /// <summary>The kinds of faults that do not exist.</summary>
    public FaultKinds Masked { get; init; }

    /// <summary>How many choices the seed makes; what follows takes its turn.</summary>
    public int Length { get; init; } = int.MaxValue;

    /// <summary>Choices before that, by number, that it does not make.</summary>
    public IReadOnlySet<int> Omitted { get; init; } = new HashSet<int>();

    /// <summary>Whether what is chosen is written down.</summary>
    public bool TakesNotes { get; init; }

    /// <summary>Whether the seed makes a choice.</summary>
    /// <param name="choice">Its number, from 0.</param>
    public bool Keeps(int choice) => choice < Length && !Omitted.Contains(choice);
}
