namespace Vigil.Messaging;

/// <summary>A message that runs in its sender's context. One of a sender that has the default context is not wrapped, and costs nothing more.</summary>
internal sealed class ContextKind<TTarget> : MessageKind<TTarget>
{
    private static readonly ContextKind<TTarget> Instance = new();

    /// <summary>The message, or one around it with its sender's context.</summary>
    public static Message<TTarget> WithSendersContext(in Message<TTarget> message) => In(AmbientContext.Flowing, in message);

    /// <summary>The message, or one around it with a context.</summary>
    /// <param name="context">The context; null for the default one.</param>
    /// <param name="message">The message.</param>
    public static Message<TTarget> In(ExecutionContext? context, in Message<TTarget> message) =>
        context is null ? message : new Message<TTarget>(Instance, message.Action, StateBox<(Message<TTarget>, ExecutionContext)>.Rent((message, context)));

    // Its receiver gives the thread its own context back, as after every message.
    public override int Deliver(TTarget target, in Message<TTarget> message)
    {
        (Message<TTarget> inner, ExecutionContext context) = Unwrap(in message);
        AmbientContext.Enter(context);
        return inner.Deliver(target);
    }

    // What is handed over to somebody else runs in its sender's context there, too.
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
