namespace Vigil.Tests;

/// <summary>Runs work on demand, on the calling thread.</summary>
internal sealed class ManualExecutor : IWorkExecutor
{
    private readonly Queue<WorkItem> _items = new();

    public int ThreadCount => 0;

    public int Count => _items.Count;

    /// <summary>Whether it refuses work.</summary>
    public bool Refuses { get; set; }

    public bool TryExecute(in WorkItem item)
    {
        if (Refuses)
        {
            return false;
        }

        _items.Enqueue(item);
        return true;
    }

    public WorkOutcome RunNext() => _items.Dequeue().Run();

    public void DropNext() => _items.Dequeue().Drop();
}
