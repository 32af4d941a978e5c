using Vigil.Diagnostics;
using Vigil.Messaging;

namespace Vigil;

/// <summary>Work whose result goes to a callback on the loop.</summary>
internal sealed class LoopWork<T> : PendingWork
{
    private readonly LoopCore _core;
    private readonly Func<T> _work;
    private readonly Action<EventManager, T> _completed;
    private readonly long _sequence;
    private readonly ExecutionContext? _context = AmbientContext.Flowing;
    private readonly bool _isTraced;

    public LoopWork(LoopCore core, Func<T> work, Action<EventManager, T> completed)
    {
        _core = core;
        _work = work;
        _completed = completed;
        _isTraced = _context is not null && CallbackActivity.IsWantedHere;
        _sequence = core.Recording?.NextSequence() ?? 0;
    }

    protected override Delegate Callback => _work;

    // After the manager is disposed, no loop is left to receive the result.
    protected override WorkOutcome Execute()
    {
        T result;
        try
        {
            result = _work();
        }
        catch (Exception exception)
        {
            EndActivity(exception);
            throw;
        }

        EndActivity();
        Message<EventManager> message = _sequence == 0
            ? StateKind<EventManager, T>.Create(_completed, result)
            : ItemKind<EventManager>.Create(new SequencedResult(this, result));
        _core.Mailbox.PostUnbounded(_isTraced
            ? TracedMessage.In(_core, _context!, in message, kind: "work_result")
            : ContextKind<EventManager>.In(_context, in message));
        return WorkOutcome.Done;
    }

    protected override void OnCancelled(CancellationToken token)
    {
        // No one waits: no result, no callback.
    }

    /// <summary>The result where a recorder is.</summary>
    private sealed class SequencedResult(LoopWork<T> work, T result) : IMailboxItem, ISequencedMessage
    {
        public long Sequence => work._sequence;

        public object Subject => work._completed;

        public int Deliver()
        {
            work._completed(work._core.Manager, result);
            return 1;
        }

        public bool Abandon() => false;
    }
}
