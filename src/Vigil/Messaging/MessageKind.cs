using System.Runtime.CompilerServices;

namespace Vigil.Messaging;

/// <summary>How one kind of message runs, and what happens to it when its target is gone. Stateless: one object a kind.</summary>
internal abstract class MessageKind<TTarget>
{
    /// <summary>Runs it. Returns how many of the users' callbacks ran: 0 for messages between the library's own threads.</summary>
    public abstract int Deliver(TTarget target, in Message<TTarget> message);

    /// <summary>Notifies whoever waits for the message that it will never run. False if nobody waits.</summary>
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
internal sealed class StateKind<TTarget, TState> : MessageKind<TTarget>
{
    private static readonly StateKind<TTarget, TState> Instance = new();

    private static bool FitsInMessage =>
        !RuntimeHelpers.IsReferenceOrContainsReferences<TState>() && Unsafe.SizeOf<TState>() <= sizeof(long);

    /// <summary>A message with the state inside: a reference or a small value directly, any other value in a reused box.</summary>
    public static Message<TTarget> Create(Action<TTarget, TState> action, TState state)
    {
        if (!FitsInMessage)
        {
            return new(Instance, action, typeof(TState).IsValueType ? StateBox<TState>.Rent(state) : state);
        }

        long value = 0;
        Unsafe.WriteUnaligned(ref Unsafe.As<long, byte>(ref value), state);
        return new(Instance, action, state: null, value);
    }

    public override int Deliver(TTarget target, in Message<TTarget> message)
    {
        Unsafe.As<Action<TTarget, TState>>(message.Action)(target, StateOf(in message));
        return 1;
    }

    private static TState StateOf(in Message<TTarget> message)
    {
        if (FitsInMessage)
        {
            long value = message.Value;
            return Unsafe.ReadUnaligned<TState>(ref Unsafe.As<long, byte>(ref value));
        }

        object? state = message.State;
        return typeof(TState).IsValueType ? Unsafe.As<StateBox<TState>>(state!).Return() : Unsafe.As<object?, TState>(ref state);
    }
}
