using Vigil.Threading;

namespace Vigil.Recording;

/// <summary>Keeps the last chunks in memory. They can be saved at any time, by any thread.</summary>
internal sealed class RingSink : IChunkSink
{
    private readonly Lock _gate = new();
    private readonly Queue<Chunk> _chunks = new();
    private readonly int _capacity;

    /// <param name="capacity">How many chunks are kept, with the one that is being written: 2 or more.</param>
    public RingSink(int capacity) => _capacity = capacity;

    public Chunk Exchange(Chunk? full)
    {
        using (Uninterrupted.Enter(_gate))
        {
            if (full is not null)
            {
                _chunks.Enqueue(full);
            }

            return _chunks.Count < _capacity ? new Chunk() : _chunks.Dequeue();
        }
    }

    /// <summary>Copies what is kept, oldest first, without the chunk that is being written.</summary>
    public Chunk[] Copy()
    {
        using (Uninterrupted.Enter(_gate))
        {
            return [.. _chunks.Select(chunk =>
            {
                var copy = new Chunk { Length = chunk.Length, Number = chunk.Number };
                chunk.Bytes.AsSpan(0, chunk.Length).CopyTo(copy.Bytes);
                return copy;
            })];
        }
    }

    public void Dispose()
    {
        // Memory only.
    }
}
