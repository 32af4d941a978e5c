namespace Vigil.Tests;

/// <summary>Runs work when it is told to, on the thread that tells it.</summary>
internal sealed class ManualExecutor : IWorkExecutor
{
    private readonly Queue<WorkItem> _items = new();

    public int ThreadCount => 0;

    public int Count => _items.Count;

    /// <summary>Whether it takes no more.</summary>
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
