using Vigil.Polling;
using Vigil.Sources;

namespace Vigil;

/// <summary>
/// A batch of events in the order in which their sources are served: by dispatch priority, and as the kernel reported them where that is equal. Only for
/// batches in which not all are equal.
/// </summary>
internal sealed class PriorityOrder
{
    private readonly SourceTable _table;
    private readonly ReadyBuffer _ordered;

    /// <param name="table">Knows the priorities.</param>
    /// <param name="capacity">How many events a batch may have.</param>
    public PriorityOrder(SourceTable table, int capacity)
    {
        _table = table;
        _ordered = new ReadyBuffer(capacity);
    }

    /// <summary>The batch in order, valid until the next one is.</summary>
    public ReadyBuffer Order(ReadyBuffer batch)
    {
        _ordered.Clear(batch.Count);
        Take(batch, DispatchPriority.High);
        Take(batch, DispatchPriority.Normal);
        Take(batch, DispatchPriority.Low);
        return _ordered;
    }

    private void Take(ReadyBuffer batch, DispatchPriority priority)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ulong token = batch[i].Token;
            if (_table.PriorityOf(token) == priority)
            {
                _ordered.TryAdd(token, batch[i].Events);
            }
        }
    }
}
