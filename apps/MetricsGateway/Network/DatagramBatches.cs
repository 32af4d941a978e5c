using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>
/// Batches for the datagrams of one loop. Whoever reads a socket has one while it uses what it has read, so there is one for all of them,
/// and one more for each socket of whose last batch something is left for its next turn.
/// </summary>
/// <param name="capacity">How many datagrams one call takes.</param>
/// <param name="maxLength">How large a datagram may be.</param>
internal sealed class DatagramBatches(int capacity, int maxLength)
{
    // Made at once, so that what can fail is done when this is made.
    private DatagramBatch? _free = new(capacity, maxLength);

    public int Capacity => capacity;

    public int MaxLength => maxLength;

    public DatagramBatch Rent()
    {
        DatagramBatch batch = _free ?? new DatagramBatch(capacity, maxLength);
        _free = null;
        return batch;
    }

    /// <summary>Gives one back. It may be one of others: those of before a reload.</summary>
    public void Return(DatagramBatch batch)
    {
        if (batch.MaxLength == maxLength)
        {
            _free = batch;
        }
    }
}
