namespace Vigil;

/// <summary>Runs work on other threads than the loop's: a <see cref="WorkerPool"/>, the runtime's thread pool, or in tests whoever wants to say when.</summary>
public interface IWorkExecutor
{
    /// <summary>How many threads there are that work can be pinned to, by the numbers 0 to one less; 0 where work cannot be pinned.</summary>
    int ThreadCount { get; }

    /// <summary>Takes work, to run or drop it once. Any thread.</summary>
    /// <param name="item">The work.</param>
    /// <returns>False where there is no room, or no work is taken any more; then nothing happened.</returns>
    bool TryExecute(in WorkItem item);

    /// <summary>Takes work, to run or drop it once. A token ends the waiting of an executor that lets its senders wait for room. Any thread.</summary>
    /// <param name="item">The work.</param>
    /// <param name="cancellationToken">Ends the waiting. Once the work is taken it has no effect.</param>
    /// <returns>As of <see cref="TryExecute(in WorkItem)"/>, which an executor that never waits need not tell apart.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled while the sender waited. The work was not taken.</exception>
    bool TryExecute(in WorkItem item, CancellationToken cancellationToken) => TryExecute(in item);
}
