namespace Vigil;

/// <summary>
/// The synchronization context of asynchronous work. Continuations run on the workers, with the work's priority and on the thread it is
/// pinned to. If the workers refuse them because they are ending, they run on the runtime's thread pool, so that <c>finally</c> blocks run.
/// </summary>
internal sealed class AsyncWorkContext : WorkContext
{
    private readonly LoopWorkers _workers;
    private readonly WorkTarget _target;

    /// <param name="workers">The manager's access to its workers.</param>
    /// <param name="target">Which of the workers.</param>
    /// <param name="failed">See <see cref="WorkContext"/>.</param>
    public AsyncWorkContext(LoopWorkers workers, WorkTarget target, Action<Exception> failed)
        : base(failed)
    {
        _workers = workers;
        _target = target;
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        ExecutionContext? context = AmbientContext.Flowing;
        if (!_workers.TryContinue(WorkItems.Of(_target, d, state, context, this)))
        {
            PostToThreadPool(d, state, context);
        }
    }

    /// <summary>The workers end while the continuation is in their queue.</summary>
    public void OnDropped(SendOrPostCallback continuation, object? state, ExecutionContext? context) =>
        PostToThreadPool(continuation, state, context);
}
