namespace Vigil.Messaging;

/// <summary>
/// Work for a target: how to run it, the delegate, and its state, which is a reference or a few bytes. A struct, so that posting copies it into
/// the queue's own memory and allocates nothing.
/// </summary>
internal readonly struct Message<TTarget>
{
    private readonly MessageKind<TTarget> _kind;

    public Message(MessageKind<TTarget> kind, object action, object? state = null, long value = 0)
    {
        _kind = kind;
        Action = action;
        State = state;
        Value = value;
    }

    /// <summary>The delegate, or whose work it is.</summary>
    public object Action { get; }

    public object? State { get; }

    /// <summary>A state without references that is no longer than this. It spares the box, whose cache lines would travel to the receiver and back.</summary>
    public long Value { get; }

    /// <summary>What its callback is known by: the delegate, or the event that it is for.</summary>
    public object Subject => _kind.SubjectOf(in this);

    /// <summary>Runs the work and returns how many callbacks ran. Whatever it throws comes out here.</summary>
    public int Deliver(TTarget target) => _kind.Deliver(target, in this);

    /// <summary>Says that it will never run. True where somebody was told or it was run elsewhere; false where it is simply lost.</summary>
    public bool Abandon() => _kind.Abandon(in this);
}
