namespace Vigil.Messaging;

/// <summary>How one kind of message runs and what becomes of it when its target is gone. Stateless: one object a kind.</summary>
internal abstract class MessageKind<TTarget>
{
    public abstract void Deliver(TTarget target, object action, object? state);

    /// <summary>Tells whoever waits for the message that it will never run. False where nobody waits.</summary>
    public virtual bool Abandon(object action, object? state) => false;
}

/// <summary>A delegate that takes the target alone.</summary>
internal sealed class ActionKind<TTarget> : MessageKind<TTarget>
{
    public static readonly ActionKind<TTarget> Instance = new();

    public override void Deliver(TTarget target, object action, object? state) => ((Action<TTarget>)action)(target);
}

/// <summary>A delegate that takes the target and a state.</summary>
internal sealed class StateKind<TTarget, TState> : MessageKind<TTarget>
{
    public static readonly StateKind<TTarget, TState> Instance = new();

    /// <summary>A message with the state inside: a reference as it is, a value in a box that is used again.</summary>
    public static Message<TTarget> Create(Action<TTarget, TState> action, TState state) =>
        new(Instance, action, typeof(TState).IsValueType ? StateBox<TState>.Rent(state) : state);

    public override void Deliver(TTarget target, object action, object? state)
    {
        TState value = typeof(TState).IsValueType ? ((StateBox<TState>)state!).Return() : (TState)state!;
        ((Action<TTarget, TState>)action)(target, value);
    }
}
