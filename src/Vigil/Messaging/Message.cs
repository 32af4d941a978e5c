namespace Vigil.Messaging;

/// <summary>
/// Work for a target, as three references: how to run it, the delegate, and its state. A struct, so that posting copies it into
/// the queue's own memory and allocates nothing.
/// </summary>
internal readonly struct Message<TTarget>
{
    private readonly MessageKind<TTarget> _kind;
    private readonly object _action;
    private readonly object? _state;

    public Message(MessageKind<TTarget> kind, object action, object? state = null)
    {
        _kind = kind;
        _action = action;
        _state = state;
    }

    /// <summary>What its callback is known by: the delegate, or the event that it is for.</summary>
    public object Subject => _kind.SubjectOf(_action, _state);

    /// <summary>Runs the work and returns how many callbacks ran. Whatever it throws comes out here.</summary>
    public int Deliver(TTarget target) => _kind.Deliver(target, _action, _state);

    /// <summary>For messages: what is called.</summary>
    public override string ToString() => _action is Delegate action ? $"{action.Method.DeclaringType?.Name}.{action.Method.Name}" : $"{_action}";

    /// <summary>Says that it will never run. True where somebody was told or it was run elsewhere; false where it is simply lost.</summary>
    public bool Abandon() => _kind.Abandon(_action, _state);
}
