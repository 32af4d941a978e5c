using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// Makes <c>await</c> in a callback resume on the loop. Post bypasses the mailbox bound, since a continuation must not be lost. After the
/// manager's disposal continuations go to the thread pool, so that <c>finally</c> blocks run.
/// </summary>
internal sealed class LoopSynchronizationContext : SynchronizationContext
{
    private readonly LoopCore _core;

    public LoopSynchronizationContext(LoopCore core) => _core = core;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (_core.Mailbox.PostUnbounded(ContextKind<EventManager>.WithSendersContext(
            new Message<EventManager>(ContinuationKind.Instance, d, state))) == PostResult.Closed)
        {
            base.Post(d, state);
        }
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (_core.Lifetime.IsMine)
        {
            d(state);
            return;
        }

        _core.Manager.RemoteEndpoint.CallBlocking(_ => d(state));
    }

    public override SynchronizationContext CreateCopy() => this;

    private sealed class ContinuationKind : MessageKind<EventManager>
    {
        public static readonly ContinuationKind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message)
        {
            ((SendOrPostCallback)message.Action)(message.State);
            return 1;
        }

        // An await posts a delegate of the runtime's own. The method to continue is in its state, as a delegate or as the task it produces.
        public override object SubjectOf(in Message<EventManager> message) =>
            message.State is Delegate or Task ? message.State : message.Action;

        public override bool Abandon(in Message<EventManager> message) =>
            ThreadPool.QueueUserWorkItem(
                static work => work.Action(work.State),
                (Action: (SendOrPostCallback)message.Action, State: message.State),
                preferLocal: false);
    }
}
