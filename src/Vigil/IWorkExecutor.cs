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
}
