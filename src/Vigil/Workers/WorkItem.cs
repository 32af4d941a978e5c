namespace Vigil;

/// <summary>
/// Work on its way to an executor: a delegate, its state, and the sender, which gets its exceptions. It is a value, so queues copy it and
/// sending it allocates nothing. Whoever accepts an item runs or drops it exactly once.
/// </summary>
public readonly struct WorkItem
{
    private readonly Func<object, object?, WorkOutcome> _run;
    private readonly Action<object, object?>? _drop;
    private readonly WorkContext _sender;
    private readonly ExecutionContext? _context;
    private readonly object _action;
    private readonly object? _state;
    private readonly byte _priority;

    /// <param name="run">Runs the action with its state. Static, so that it allocates nothing.</param>
    /// <param name="drop">Notifies waiters that the work will not run, and returns the box that holds the state; null if there is nothing
    /// to do.</param>
    /// <param name="action">What the user wants to run.</param>
    /// <param name="state">The action's argument.</param>
    /// <param name="sender">The synchronization context it runs in, which receives its exceptions.</param>
    /// <param name="context">The execution context it runs in; null for the default one.</param>
    /// <param name="target">How urgent it is, and where it runs.</param>
    internal WorkItem(
        Func<object, object?, WorkOutcome> run,
        Action<object, object?>? drop,
        object action,
        object? state,
        WorkContext sender,
        ExecutionContext? context,
        WorkTarget target)
    {
        _run = run;
        _drop = drop;
        _action = action;
        _state = state;
        _sender = sender;
        _context = context;
        _priority = (byte)target.Priority;
        Thread = target.ThreadNumber ?? -1;
    }

    /// <summary>How urgent it is.</summary>
    public WorkPriority Priority => (WorkPriority)_priority;

    /// <summary>The number of the only thread that may run it; null for any.</summary>
    public int? ThreadNumber => Thread < 0 ? null : Thread;

    /// <summary>The same as a plain integer: −1 for any.</summary>
    internal int Thread { get; }

    /// <summary>
    /// Whether a full queue accepts it: it is the rest of work that was begun, or its sender has at most one queued at a time.
    /// </summary>
    public bool IsUnbounded { get; internal init; }

    /// <summary>What the user wants to run, or the object that stands for it.</summary>
    internal object Action => _action;

    internal bool IsDefault => _run is null;

    /// <summary>
    /// Runs it on the calling thread, in its sender's execution context. Exceptions go to the sender and are not thrown here. The thread's
    /// own contexts are restored afterwards.
    /// </summary>
    /// <returns>How it ended.</returns>
    public WorkOutcome Run()
    {
        using AmbientContext.Scope scope = AmbientContext.EnterScope(_context, _sender);
        try
        {
            return _run(_action, _state);
        }
        catch (Exception exception)
        {
            _sender.OnFailed(exception);
            return WorkOutcome.Failed;
        }
    }

    /// <summary>Reports that it will not run: its task, if it has one, is cancelled.</summary>
    public void Drop() => _drop?.Invoke(_action, _state);

    /// <summary>For messages: the method that is called.</summary>
    public override string ToString() => NameOf(_action);

    /// <summary>The name of what an item runs.</summary>
    internal static string NameOf(object action) => action is Delegate callback ? MethodName.Of(callback) : $"{action}";
}
