using System.Runtime.CompilerServices;

namespace Vigil.Messaging;

/// <summary>How one kind of message runs and what becomes of it when its target is gone. Stateless: one object a kind.</summary>
internal abstract class MessageKind<TTarget>
{
    /// <summary>Runs it. Returns how many of the users' callbacks ran: none where threads of the library tell each other something.</summary>
    public abstract int Deliver(TTarget target, object action, object? state);

    /// <summary>Tells whoever waits for the message that it will never run. False where nobody waits.</summary>
    public virtual bool Abandon(object action, object? state) => false;

    /// <summary>What its callback is known by.</summary>
    public virtual object SubjectOf(object action, object? state) => action;
}

// A kind is paired with its delegate and state in one place each, so their types are known. A checked cast to a delegate with
// variant type parameters takes longer than the rest of a delivery.

/// <summary>A delegate that takes the target alone.</summary>
internal sealed class ActionKind<TTarget> : MessageKind<TTarget>
{
    private static readonly ActionKind<TTarget> Instance = new();

    public static Message<TTarget> Create(Action<TTarget> action) => new(Instance, action);

    public override int Deliver(TTarget target, object action, object? state)
    {
        Unsafe.As<Action<TTarget>>(action)(target);
        return 1;
    }
}

/// <summary>A delegate that takes the target and a state.</summary>
internal sealed class StateKind<TTarget, TState> : MessageKind<TTarget>
{
    private static readonly StateKind<TTarget, TState> Instance = new();

    /// <summary>A message with the state inside: a reference as it is, a value in a box that is used again.</summary>
    public static Message<TTarget> Create(Action<TTarget, TState> action, TState state) =>
        new(Instance, action, typeof(TState).IsValueType ? StateBox<TState>.Rent(state) : state);

    public override int Deliver(TTarget target, object action, object? state)
    {
        TState value = typeof(TState).IsValueType ? Unsafe.As<StateBox<TState>>(state!).Return() : Unsafe.As<object?, TState>(ref state);
        Unsafe.As<Action<TTarget, TState>>(action)(target, value);
        return 1;
    }
}
