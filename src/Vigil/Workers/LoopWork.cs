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

    public LoopWork(LoopCore core, Func<T> work, Action<EventManager, T> completed)
    {
        _core = core;
        _work = work;
        _completed = completed;
        _sequence = core.Recording?.NextSequence() ?? 0;
    }

    public override string ToString() => MethodName.Of(_work);

    // After the manager is disposed, no loop is left to receive the result.
    protected override WorkOutcome Execute()
    {
        T result = _work();
        Message<EventManager> message = _sequence == 0
            ? StateKind<EventManager, T>.Create(_completed, result)
            : ItemKind<EventManager>.Create(new SequencedResult(this, result));
        _core.Mailbox.PostUnbounded(ContextKind<EventManager>.In(_context, in message));
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
