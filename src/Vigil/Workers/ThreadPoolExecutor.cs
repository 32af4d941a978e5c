namespace Vigil;

/// <summary>
/// Runs work on the runtime's thread pool, for programs that want no worker threads of their own. It has no priorities, no bound and no
/// pinned work.
/// </summary>
public sealed class ThreadPoolExecutor : IWorkExecutor
{
    private ThreadPoolExecutor()
    {
    }

    /// <summary>The only instance. Any thread.</summary>
    public static ThreadPoolExecutor Instance { get; } = new();

    /// <summary>0: work cannot be pinned.</summary>
    public int ThreadCount => 0;

    /// <inheritdoc/>
    public bool TryExecute(in WorkItem item) =>
        ThreadPool.UnsafeQueueUserWorkItem(static work => work.Run(), item, preferLocal: false);
}
