namespace Vigil.Messaging;

/// <summary>
/// Work for a target: its kind, which knows how to run it, its delegate, and its state, which is a reference or a few bytes. A struct:
/// posting copies it into the queue's memory and allocates nothing.
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

    /// <summary>The delegate, or the object that the work belongs to.</summary>
    public object Action { get; }

    public object? State { get; }

    /// <summary>A state of up to eight bytes without references. In a box its cache lines would travel to the receiver and back.</summary>
    public long Value { get; }

    /// <summary>Identifies its callback: the delegate, or the event that it is for.</summary>
    public object Subject => _kind.SubjectOf(in this);

    /// <summary>Runs the work and returns how many callbacks ran. Passes on what it throws.</summary>
    public int Deliver(TTarget target) => _kind.Deliver(target, in this);

    /// <inheritdoc cref="MessageKind{TTarget}.Begin"/>
    public Task Begin(TTarget target) => _kind.Begin(target, in this);

    /// <summary>Reports that it will never run. True if somebody was notified or it was run elsewhere; false if it is lost.</summary>
    public bool Abandon() => _kind.Abandon(in this);
}
