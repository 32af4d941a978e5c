namespace Vigil.Recording;

/// <summary>Where the chunks of a recording go. For the loop's thread, which must not wait.</summary>
internal interface IChunkSink : IDisposable
{
    /// <summary>Whether nothing is taken any more.</summary>
    bool HasFailed { get; }

    /// <summary>Takes a chunk, and returns an empty one; null if none is free, so that what follows is lost until one is.</summary>
    /// <param name="full">The chunk; null for nothing.</param>
    Chunk? Exchange(Chunk? full);

    /// <summary>There is more in a chunk that is awaited (<see cref="Chunk.IsAwaited"/>).</summary>
    void OnPublished(Chunk chunk);
}
