namespace Vigil;

/// <summary>
/// Runs work on threads other than the loop's: a <see cref="WorkerPool"/>, the runtime's thread pool, or a test's own scheduler.
/// </summary>
public interface IWorkExecutor
{
    /// <summary>The number of threads that work can be pinned to, numbered from 0; 0 if work cannot be pinned.</summary>
    int ThreadCount { get; }

    /// <summary>Accepts work, to be run or dropped exactly once. Any thread.</summary>
    /// <param name="item">The work.</param>
    /// <returns>False if there is no room or no more work is accepted. The call then has no effect.</returns>
    bool TryExecute(in WorkItem item);

    /// <summary>
    /// Accepts work, to be run or dropped exactly once. The token ends the wait for room, if the executor lets senders wait. Any thread.
    /// </summary>
    /// <param name="item">The work.</param>
    /// <param name="cancellationToken">Ends the wait for room. It has no effect once the work is accepted.</param>
    /// <returns>See <see cref="TryExecute(in WorkItem)"/>. An executor that never waits need not implement this overload.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled while the sender waited. The work was not accepted.</exception>
    bool TryExecute(in WorkItem item, CancellationToken cancellationToken) => TryExecute(in item);
}
