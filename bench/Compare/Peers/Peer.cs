using System.Diagnostics;

namespace Compare.Peers;

/// <summary>
/// A program that does the same work and measures itself, <c>PROGRAM MEASUREMENT NUMBER…</c>. It answers with a line of the measurement's
/// name and its figures.
/// </summary>
internal abstract class Peer
{
    protected Peer(string name, string description)
    {
        Name = name;
        Description = description;
    }

    /// <summary>The head of its column.</summary>
    public string Name { get; }

    /// <summary>Its description for the report; empty if the name is enough.</summary>
    public string Description { get; }

    /// <summary>Whether it has a counterpart for a measurement.</summary>
    public abstract bool Has(string measurement);

    /// <summary>Starts a server or an idler, which prints its first figure and works until its input ends.</summary>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public PeerProcess Start(string measurement) => new(Command(measurement), $"{Name}, {measurement}");

    /// <summary>Prepares an operation that the peer performs any number of times.</summary>
    /// <param name="measurement">Its name and numbers, without the number of operations.</param>
    public abstract Operations Prepare(string measurement);

    public override string ToString() => Name;

    protected abstract ProcessStartInfo Command(string measurement);
}

/// <summary>An operation of a peer, performed any number of times.</summary>
internal abstract class Operations : IDisposable
{
    /// <summary>Whether the peer is compiled just in time.</summary>
    public abstract bool NeedsWarmUp { get; }

    /// <returns>The figures; if an operation takes time, its nanoseconds come first.</returns>
    /// <exception cref="InvalidOperationException">The peer failed.</exception>
    public abstract double[] Perform(long count);

    public abstract void Dispose();
}
