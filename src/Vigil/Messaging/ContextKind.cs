namespace Vigil.Messaging;

/// <summary>
/// A message that runs in its sender's execution context. Messages of senders with the default context are not wrapped, at no extra cost.
/// </summary>
internal sealed class ContextKind<TTarget> : MessageKind<TTarget>
{
    private static readonly ContextKind<TTarget> Instance = new();

    /// <summary>The message, or a wrapper with its sender's context.</summary>
    public static Message<TTarget> WithSendersContext(in Message<TTarget> message) => In(AmbientContext.Flowing, in message);

    /// <summary>The message, or a wrapper with a context.</summary>
    /// <param name="context">The context; null for the default one.</param>
    /// <param name="message">The message.</param>
    public static Message<TTarget> In(ExecutionContext? context, in Message<TTarget> message) =>
        context is null
            ? message
            : new Message<TTarget>(Instance, message.Action, StateBox<(Message<TTarget>, ExecutionContext)>.Rent((message, context)));

    // The receiver restores its thread's own context after every message.
    public override int Deliver(TTarget target, in Message<TTarget> message)
    {
        (Message<TTarget> inner, ExecutionContext context) = Unwrap(in message);
        AmbientContext.Enter(context);
        return inner.Deliver(target);
    }

    // Whoever takes over an abandoned message runs it in its sender's context, too.
    public override bool Abandon(in Message<TTarget> message)
    {
        (Message<TTarget> inner, ExecutionContext context) = Unwrap(in message);
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context, SynchronizationContext.Current);
        return inner.Abandon();
    }

    public override object SubjectOf(in Message<TTarget> message) =>
        ((StateBox<(Message<TTarget> Message, ExecutionContext)>)message.State!).Value.Message.Subject;

    private static (Message<TTarget> Message, ExecutionContext Context) Unwrap(in Message<TTarget> message) =>
        ((StateBox<(Message<TTarget>, ExecutionContext)>)message.State!).Return();
}
