namespace Vigil;

/// <summary>
/// The synchronization context of asynchronous work: what follows an <c>await</c> goes on on the workers, with the priority of the work and on the thread that it is pinned to.
/// Where the workers take no more, since they end, it goes on on the runtime's thread pool, so that <c>finally</c> blocks run.
/// </summary>
internal sealed class AsyncWorkContext : WorkContext
{
    private readonly LoopWorkers _workers;
    private readonly WorkTarget _target;

    /// <param name="workers">The manager's way to its workers.</param>
    /// <param name="target">Which of them.</param>
    /// <param name="failed">As of <see cref="WorkContext"/>.</param>
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

    /// <summary>The workers end with it in their queue.</summary>
    public void OnDropped(SendOrPostCallback continuation, object? state, ExecutionContext? context) => PostToThreadPool(continuation, state, context);
}
