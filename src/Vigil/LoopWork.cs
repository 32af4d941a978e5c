using Vigil.Messaging;

namespace Vigil;

/// <summary>Work whose result goes to a callback on the loop.</summary>
internal sealed class LoopWork<T> : PendingWork
{
    private readonly EventManager _manager;
    private readonly Func<T> _work;
    private readonly Action<EventManager, T> _completed;
    private readonly ExecutionContext? _context = AmbientContext.Flowing;

    public LoopWork(EventManager manager, Func<T> work, Action<EventManager, T> completed)
    {
        _manager = manager;
        _work = work;
        _completed = completed;
    }

    public override string ToString() => MethodName.Of(_work);

    // After the manager was disposed there is no loop that the result could go to.
    protected override WorkOutcome Execute()
    {
        T result = _work();
        _manager.Mailbox.PostUnbounded(ContextKind<EventManager>.In(_context, StateKind<EventManager, T>.Create(_completed, result)));
        return WorkOutcome.Done;
    }

    protected override void OnCancelled(CancellationToken token)
    {
        // Nobody waits: no result, no callback.
    }
}
