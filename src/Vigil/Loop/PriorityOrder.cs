using Vigil.Polling;
using Vigil.Sources;

namespace Vigil;

/// <summary>
/// Sorts a batch of events by the dispatch priority of their sources; equal priorities keep the kernel's order. Only for batches with
/// more than one priority.
/// </summary>
internal sealed class PriorityOrder
{
    private readonly SourceTable _table;
    private readonly ReadyBuffer _ordered;

    /// <param name="table">Knows the priorities.</param>
    /// <param name="capacity">The greatest number of events in a batch.</param>
    public PriorityOrder(SourceTable table, int capacity)
    {
        _table = table;
        _ordered = new ReadyBuffer(capacity);
    }

    /// <exception cref="ArgumentOutOfRangeException">The priority is undefined.</exception>
    public static void Require(DispatchPriority priority)
    {
        if (!Enum.IsDefined(priority))
        {
            throw new ArgumentOutOfRangeException(nameof(priority), priority, "A dispatch priority is High, Normal or Low.");
        }
    }

    /// <summary>The sorted batch, valid until the next call.</summary>
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
            SourceToken token = batch[i].Token;
            if (_table.PriorityOf(token) == priority)
            {
                _ordered.TryAdd(token, batch[i].Events);
            }
        }
    }
}
