namespace Vigil;

/// <summary>
/// The synchronization context of work, on behalf of its sender. It receives the work's exceptions, also those that an <c>async void</c>
/// method throws long after the work has returned.
/// </summary>
/// <remarks>
/// A continuation after an <c>await</c> in synchronous work (in an <c>async void</c> method, or in a task that the work waits for) runs on
/// the runtime's thread pool, not on the worker: that very wait may block the worker.
/// </remarks>
internal class WorkContext : SynchronizationContext
{
    private readonly Action<Exception> _failed;

    /// <param name="failed">Receives exceptions. On any thread.</param>
    public WorkContext(Action<Exception> failed) => _failed = failed;

    public void OnFailed(Exception exception) => _failed(exception);

    public override void Post(SendOrPostCallback d, object? state) => PostToThreadPool(d, state, AmbientContext.Flowing);

    public override SynchronizationContext CreateCopy() => this;

    protected void PostToThreadPool(SendOrPostCallback d, object? state, ExecutionContext? context) => ThreadPool.UnsafeQueueUserWorkItem(
        static post => post.Self.Run(post.Continuation, post.State, post.Context),
        (Self: this, Continuation: d, State: state, Context: context),
        preferLocal: false);

    // The pool restores its thread's state.
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
