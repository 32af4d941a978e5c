using System.Diagnostics;

namespace Compare.Peers;

/// <summary>
/// Somebody who does the same work: a program that measures itself, <c>PROGRAM MEASUREMENT NUMBER…</c>, and answers a line with the
/// measurement's name and its figures.
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

    /// <summary>What it is, for the report; empty where the name says all.</summary>
    public string Description { get; }

    /// <summary>Whether it has a counterpart for a measurement.</summary>
    public abstract bool Has(string measurement);

    /// <summary>A server or an idler, which says its first figure and works until its input ends.</summary>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public PeerProcess Start(string measurement) => new(Command(measurement), $"{Name}, {measurement}");

    /// <summary>Something that the peer does as many times as it is told.</summary>
    /// <param name="measurement">Its name and numbers, without how many times.</param>
    public abstract Operations Prepare(string measurement);

    public override string ToString() => Name;

    protected abstract ProcessStartInfo Command(string measurement);
}

/// <summary>An operation of a peer's, by any number.</summary>
internal abstract class Operations : IDisposable
{
    /// <summary>Whether the peer is compiled while it runs.</summary>
    public abstract bool NeedsWarmUp { get; }

    /// <returns>The figures; where an operation takes time, its nanoseconds are the first one.</returns>
    /// <exception cref="InvalidOperationException">The peer failed.</exception>
    public abstract double[] Perform(long count);

    public abstract void Dispose();
}
