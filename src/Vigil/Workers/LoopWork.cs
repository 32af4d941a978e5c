using Vigil.Messaging;

namespace Vigil;

/// <summary>Work whose result goes to a callback on the loop.</summary>
internal sealed class LoopWork<T> : PendingWork
{
    private readonly LoopCore _core;
    private readonly Func<T> _work;
    private readonly Action<EventManager, T> _completed;
    private readonly ExecutionContext? _context = AmbientContext.Flowing;

    public LoopWork(LoopCore core, Func<T> work, Action<EventManager, T> completed)
    {
        _core = core;
        _work = work;
        _completed = completed;
    }

    public override string ToString() => MethodName.Of(_work);

    // After the manager is disposed, no loop is left to receive the result.
    protected override WorkOutcome Execute()
    {
        T result = _work();
        _core.Mailbox.PostUnbounded(ContextKind<EventManager>.In(_context, StateKind<EventManager, T>.Create(_completed, result)));
        return WorkOutcome.Done;
    }

    protected override void OnCancelled(CancellationToken token)
    {
        // No one waits: no result, no callback.
    }
}
