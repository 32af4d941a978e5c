namespace Vigil;

/// <summary>
/// A registration's name, which the poller reports with each event (<see cref="Vigil.Polling.IPoller"/>): a slot, and the generation of the
/// slot's use. The generation changes whenever a registration ends or must not be reached by events that were already reported.
/// </summary>
/// <param name="Raw">The 64 bits of user data: the generation in the high half, the slot in the low one.</param>
public readonly record struct SourceToken(ulong Raw)
{
    /// <param name="slot">The slot's index.</param>
    /// <param name="generation">The generation, 1 or more.</param>
    internal SourceToken(int slot, uint generation)
        : this(((ulong)generation << 32) | (uint)slot)
    {
    }

    /// <summary>The name of nothing: never given out, since no generation is 0.</summary>
    internal static SourceToken None => default;

    /// <summary>Reserved for a registration of the poller's own. No table has so many slots.</summary>
    internal static SourceToken OfPoller => new(ulong.MaxValue);

    /// <summary>The slot's index.</summary>
    internal uint Slot => (uint)Raw;

    /// <summary>The generation of the slot's use.</summary>
    internal uint Generation => (uint)(Raw >> 32);
}
