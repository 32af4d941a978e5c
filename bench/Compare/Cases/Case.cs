using Compare.Peers;
using Compare.Rounds;

namespace Compare.Cases;

/// <summary>Some work that every peer does who has a counterpart for it: a row of the report, or one for each figure.</summary>
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

    /// <summary>What is done, with its parameters.</summary>
    public string Name { get; }

    public string FullName => $"{Group}: {Name}";

    public IReadOnlyList<Figure> Figures { get; }

    /// <summary>How many alternating rounds; more for what wakes another core, which falls into one of several patterns.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Whether a peer does this, too.</summary>
    public abstract bool Includes(Peer peer);

    /// <summary>Makes a peer ready to take its turns, warm.</summary>
    /// <exception cref="InvalidOperationException">It failed, for instance because too few files may be open.</exception>
    public abstract Session Open(Peer peer, Pace pace);
}
