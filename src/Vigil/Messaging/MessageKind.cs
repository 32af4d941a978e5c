using System.Runtime.CompilerServices;

namespace Vigil.Messaging;

/// <summary>
/// How one kind of message runs, and what happens to it when its target is gone. Stateless: one object per kind. For messages that consist
/// of several parts, such as a delegate and its state: an object for them would be an allocation per post. An object that is a message by
/// itself is an <see cref="IMailboxItem"/>.
/// </summary>
internal abstract class MessageKind<TTarget>
{
    /// <summary>Runs it. Returns how many of the users' callbacks ran: 0 for messages between the library's own threads.</summary>
    public abstract int Deliver(TTarget target, in Message<TTarget> message);

    /// <summary>
    /// Runs it as <see cref="Deliver"/> does, for who wants to know when it has ended: returns the task whose end is its own.
    /// </summary>
    public virtual Task Begin(TTarget target, in Message<TTarget> message)
    {
        Deliver(target, in message);
        return Task.CompletedTask;
    }

    /// <summary>Notifies whoever waits for the message that it will never run. False if nobody was notified: it counts as lost.</summary>
    public virtual bool Abandon(in Message<TTarget> message) => false;

    /// <summary>Identifies its callback.</summary>
    public virtual object SubjectOf(in Message<TTarget> message) => message.Action;
}

// Each kind is paired with its delegate and state in one place, so their types are known and casts are unchecked. A checked cast to a
// delegate with variant type parameters takes longer than the rest of a delivery.

/// <summary>A delegate that takes the target alone.</summary>
internal sealed class ActionKind<TTarget> : MessageKind<TTarget>
{
    private static readonly ActionKind<TTarget> Instance = new();

    public static Message<TTarget> Create(Action<TTarget> action) => new(Instance, action);

    public override int Deliver(TTarget target, in Message<TTarget> message)
    {
        Unsafe.As<Action<TTarget>>(message.Action)(target);
        return 1;
    }
}

/// <summary>A delegate that takes the target and a state.</summary>
internal sealed class StateKind<TTarget, TState> : StatefulKind<TTarget, TState>
{
    private static readonly StateKind<TTarget, TState> Instance = new();

    public static Message<TTarget> Create(Action<TTarget, TState> action, TState state) => Instance.With(action, state);

    public override int Deliver(TTarget target, in Message<TTarget> message)
    {
        Unsafe.As<Action<TTarget, TState>>(message.Action)(target, Take(in message));
        return 1;
    }
}
