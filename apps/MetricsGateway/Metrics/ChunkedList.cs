namespace MetricsGateway.Metrics;

/// <summary>
/// A list that grows by chunks of one size, so that making room never copies what is there: however long it is, adding to it takes the same
/// short time, and who goes through it on another thread sees the places that there were.
/// </summary>
internal sealed class ChunkedList<T>
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    // A thousand times shorter than the list; doubling it copies no more than that.
    private T[][] _chunks = [];

    public int Count { get; private set; }

    public ref T this[int index] => ref _chunks[index >> ChunkBits][index & (ChunkSize - 1)];

    public void Add(T item)
    {
        if (Count == _chunks.Length << ChunkBits)
        {
            int filled = _chunks.Length;
            T[][] chunks = new T[Math.Max(2 * filled, 1)][];
            _chunks.CopyTo(chunks, 0);
            for (int i = filled; i < chunks.Length; i++)
            {
                chunks[i] = [];
            }

            _chunks = chunks;
        }

        ref T[] chunk = ref _chunks[Count >> ChunkBits];
        if (chunk.Length == 0)
        {
            chunk = new T[ChunkSize];
        }

        chunk[Count & (ChunkSize - 1)] = item;
        Count++;
    }

    /// <summary>The places that there are now. Those that are added later are not part of it; what is put into these is.</summary>
    public View TakeView() => new(_chunks, Count);

    /// <summary>The places that a list had at some time, for another thread.</summary>
    internal readonly struct View(T[][] chunks, int count)
    {
        public int Count => count;

        public T this[int index] => chunks[index >> ChunkBits][index & (ChunkSize - 1)];
    }
}
