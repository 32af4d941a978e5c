using System.Runtime.CompilerServices;

namespace Vigil.Messaging;

/// <summary>A message that is an object of its own and knows how it ends.</summary>
internal sealed class ItemKind<TTarget> : MessageKind<TTarget>
{
    private static readonly ItemKind<TTarget> Instance = new();

    public static Message<TTarget> Create(IMailboxItem item) => new(Instance, item);

    public override int Deliver(TTarget target, in Message<TTarget> message) => Unsafe.As<IMailboxItem>(message.Action).Deliver();

    public override bool Abandon(in Message<TTarget> message) => Unsafe.As<IMailboxItem>(message.Action).Abandon();

    public override object SubjectOf(in Message<TTarget> message) => Unsafe.As<IMailboxItem>(message.Action).Subject;
}

/// <summary>A state for an object that knows how the message ends.</summary>
internal sealed class ItemKind<TTarget, TState> : StatefulKind<TTarget, TState>
{
    private static readonly ItemKind<TTarget, TState> Instance = new();

    public static Message<TTarget> Create(IMailboxItem<TState> item, TState state) => Instance.With(item, state);

    public override int Deliver(TTarget target, in Message<TTarget> message) =>
        Unsafe.As<IMailboxItem<TState>>(message.Action).Deliver(Take(in message));

    public override bool Abandon(in Message<TTarget> message) =>
        Unsafe.As<IMailboxItem<TState>>(message.Action).Abandon(Take(in message));
}
