namespace MetricsGateway.Metrics;

/// <summary>
/// A list that grows by chunks of one size, so growing never copies the elements: adding takes the same short time at any length, and
/// another thread that walks the list sees the places that existed when it began.
/// </summary>
internal sealed class ChunkedList<T>
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    // A thousand times shorter than the list, so doubling it is cheap.
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

    /// <summary>The present places. Later places are not part of the view; later values in these places are.</summary>
    public View TakeView() => new(_chunks, Count);

    /// <summary>The places that a list had at some time, for another thread.</summary>
    internal readonly struct View(T[][] chunks, int count)
    {
        public int Count => count;

        public T this[int index] => chunks[index >> ChunkBits][index & (ChunkSize - 1)];
    }
}
