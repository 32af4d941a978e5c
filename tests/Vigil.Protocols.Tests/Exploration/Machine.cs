namespace Exploration;

/// <summary>The memory of the explored machine, and how the explorer recognises a state that it has seen.</summary>
internal enum Machine
{
    /// <summary>Store buffers (TSO). Two states are the same if each thread has read the same stores.</summary>
    Exact,

    /// <summary>
    /// Store buffers (TSO). Two states are the same if the same values are in memory and in the buffers, and each thread has read the same
    /// values since it last rested: what follows is the same. There are far fewer. Races at places that were taken for unshared may be
    /// missed; <see cref="Exact"/> finds them.
    /// </summary>
    Merged,

    /// <summary>
    /// No store buffers: each store is seen at once (sequential consistency), as most tools assume. States as with <see cref="Exact"/>.
    /// </summary>
    WithoutBuffers,
}
