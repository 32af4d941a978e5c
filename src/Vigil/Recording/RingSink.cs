namespace Vigil.Recording;

/// <summary>Keeps the last chunks in memory. For the loop's thread, and when the loop is over for any other.</summary>
internal sealed class RingSink : IChunkSink
{
    private readonly Queue<Chunk> _chunks = new();
    private readonly int _capacity;

    /// <param name="capacity">How many chunks are kept, with the one that is being written: 2 or more.</param>
    public RingSink(int capacity) => _capacity = capacity;

    /// <summary>What is kept, oldest first, without the chunk that is being written.</summary>
    public IEnumerable<Chunk> Chunks => _chunks;

    public bool HasFailed => false;

    public Chunk Exchange(Chunk? full)
    {
        if (full is not null)
        {
            _chunks.Enqueue(full);
        }

        if (_chunks.Count < _capacity)
        {
            return new Chunk();
        }

        Chunk oldest = _chunks.Dequeue();
        oldest.Empty();
        return oldest;
    }

    public void OnPublished(Chunk chunk)
    {
        // Nobody waits for it.
    }

    public void Dispose()
    {
        // Memory only, which can still be saved.
    }
}
