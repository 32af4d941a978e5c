using Compare.Peers;
using Compare.Rounds;

namespace Compare.Cases;

/// <summary>Work for every peer that has a counterpart of it: a row of the report, or one row per figure.</summary>
internal abstract class Case
{
    protected Case(string group, string name, params IReadOnlyList<Figure> figures)
    {
        Group = group;
        Name = name;
        Figures = figures;
    }

    /// <summary>The table that it belongs to.</summary>
    public string Group { get; }

    /// <summary>The work, with its parameters.</summary>
    public string Name { get; }

    public string FullName => $"{Group}: {Name}";

    public IReadOnlyList<Figure> Figures { get; }

    /// <summary>The number of alternating rounds; more for work that wakes another core, whose times fall into several patterns.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Whether a peer takes part.</summary>
    public abstract bool Includes(Peer peer);

    /// <summary>Prepares a peer for its turns, and warms it up.</summary>
    /// <exception cref="InvalidOperationException">It failed, for instance because too few files may be open.</exception>
    public abstract Session Open(Peer peer, Pace pace);
}
