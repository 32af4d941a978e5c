namespace Vigil;

/// <summary>
/// Who sent work, as the synchronization context that the work runs with: hears of what it throws, also when an <c>async void</c> method throws long after the work has returned.
/// </summary>
/// <remarks>
/// What follows an <c>await</c> in synchronous work (in an <c>async void</c> method, that is, or in a task that the work waits for) goes on on the runtime's thread pool, not on
/// the worker: the worker may be blocked by that very wait.
/// </remarks>
internal class WorkContext : SynchronizationContext
{
    private readonly Action<Exception> _failed;

    /// <param name="failed">Hears of what is thrown. On any thread.</param>
    public WorkContext(Action<Exception> failed) => _failed = failed;

    public void OnFailed(Exception exception) => _failed(exception);

    public override void Post(SendOrPostCallback d, object? state) => PostToThreadPool(d, state, AmbientContext.Flowing);

    public override SynchronizationContext CreateCopy() => this;

    protected void PostToThreadPool(SendOrPostCallback d, object? state, ExecutionContext? context) => ThreadPool.UnsafeQueueUserWorkItem(
        static post => post.Self.Run(post.Continuation, post.State, post.Context), (Self: this, Continuation: d, State: state, Context: context), preferLocal: false);

    // The pool gives its thread what it had before.
    private void Run(SendOrPostCallback continuation, object? state, ExecutionContext? context)
    {
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context, this);
        try
        {
            continuation(state);
        }
        catch (Exception exception)
        {
            OnFailed(exception);
        }
    }
}
