namespace Vigil;

/// <summary>
/// Work on its way to an executor: a delegate, its state, and who is told if it throws. A value, so that queues copy it and sending it allocates nothing.
/// Whoever takes one runs or drops it, once.
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
    /// <param name="drop">Tells whoever waits that it will not run, and gives back what holds the state; null where there is nothing to tell or give.</param>
    /// <param name="action">What the user wants to have run.</param>
    /// <param name="state">What it is given.</param>
    /// <param name="sender">The synchronization context that it runs with, which hears of what it throws.</param>
    /// <param name="context">The execution context that it runs in; null for the default one.</param>
    /// <param name="target">How urgent it is, and where it runs.</param>
    internal WorkItem(
        Func<object, object?, WorkOutcome> run, Action<object, object?>? drop, object action, object? state, WorkContext sender, ExecutionContext? context, WorkTarget target)
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

    /// <summary>The number of the thread that alone may run it; null for any.</summary>
    public int? ThreadNumber => Thread < 0 ? null : Thread;

    /// <summary>The same for the pool's own arithmetic: −1 for any.</summary>
    internal int Thread { get; }

    /// <summary>Whether a queue takes it that is as full as it may be: its sender has no more than one at a time.</summary>
    internal bool IsUnbounded { get; init; }

    /// <summary>What the user wants to have run, or what stands for it.</summary>
    internal object Action => _action;

    internal bool IsDefault => _run is null;

    /// <summary>
    /// Runs it, on the calling thread, in the execution context of whoever sent it. What it throws goes to whoever sent it and does not come out here. The thread has its own contexts again afterwards.
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

    /// <summary>Says that it will not run: a task that stands for it is cancelled.</summary>
    public void Drop() => _drop?.Invoke(_action, _state);

    /// <summary>For messages: the method that is called.</summary>
    public override string ToString() => NameOf(_action);

    /// <summary>The name of what an item runs.</summary>
    internal static string NameOf(object action) => action is Delegate callback ? MethodName.Of(callback) : $"{action}";
}
