using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>
/// Batches for the datagrams of one loop. A socket's reader needs one only while it uses what it has read, so one serves all of them, plus
/// one for each socket whose last batch is not used up at the end of its turn.
/// </summary>
/// <param name="capacity">How many datagrams one call takes.</param>
/// <param name="maxLength">The maximum length of a datagram.</param>
internal sealed class DatagramBatches(int capacity, int maxLength)
{
    // Allocated at once, so that only the constructor can fail.
    private DatagramBatch? _free = new(capacity, maxLength);

    public int Capacity => capacity;

    public int MaxLength => maxLength;

    public DatagramBatch Rent()
    {
        DatagramBatch batch = _free ?? new DatagramBatch(capacity, maxLength);
        _free = null;
        return batch;
    }

    /// <summary>Gives a batch back. It may belong to other options, from before a reload.</summary>
    public void Return(DatagramBatch batch)
    {
        if (batch.MaxLength == maxLength)
        {
            _free = batch;
        }
    }
}
