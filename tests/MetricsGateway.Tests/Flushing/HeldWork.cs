using System.Collections.Concurrent;
using Vigil;

namespace MetricsGateway.Tests.Flushing;

/// <summary>Workers that run their work only on demand, on the calling thread.</summary>
internal sealed class HeldWork : IWorkExecutor
{
    private readonly ConcurrentQueue<WorkItem> _items = new();

    public int ThreadCount => 1;

    /// <summary>Whether work is refused.</summary>
    public bool IsFull { get; set; }

    public bool TryExecute(in WorkItem item)
    {
        if (IsFull)
        {
            return false;
        }

        _items.Enqueue(item);
        return true;
    }

    /// <returns>The number of items that were run.</returns>
    public int RunAll()
    {
        int count = 0;
        while (_items.TryDequeue(out WorkItem item))
        {
            item.Run();
            count++;
        }

        return count;
    }
}
