namespace Vigil;

/// <summary>
/// Work on its way to an executor: a delegate, its state, and who is told if it throws. A value, so that queues copy it and sending it allocates nothing.
/// Whoever takes one runs or drops it, once.
/// </summary>
public readonly struct WorkItem
{
    private readonly Func<object, object?, WorkOutcome> _run;
    private readonly Action<object, object?>? _drop;
    private readonly Action<Exception> _failed;
    private readonly object _action;
    private readonly object? _state;
    private readonly byte _priority;

    /// <param name="run">Runs the action with its state. Static, so that it allocates nothing.</param>
    /// <param name="drop">Tells whoever waits that it will not run, and gives back what holds the state; null where there is nothing to tell or give.</param>
    /// <param name="action">What the user wants to have run.</param>
    /// <param name="state">What it is given.</param>
    /// <param name="failed">Hears of what it throws.</param>
    /// <param name="priority">How urgent it is.</param>
    /// <param name="thread">The thread that it is pinned to; −1 for any.</param>
    internal WorkItem(
        Func<object, object?, WorkOutcome> run, Action<object, object?>? drop, object action, object? state, Action<Exception> failed, WorkPriority priority, int thread)
    {
        _run = run;
        _drop = drop;
        _action = action;
        _state = state;
        _failed = failed;
        _priority = (byte)priority;
        Thread = thread;
    }

    /// <summary>How urgent it is.</summary>
    public WorkPriority Priority => (WorkPriority)_priority;

    /// <summary>The number of the thread that alone may run it; −1 for any.</summary>
    public int Thread { get; }

    /// <summary>Whether a queue takes it that is as full as it may be: its sender has no more than one at a time.</summary>
    internal bool IsUnbounded { get; init; }

    /// <summary>What the user wants to have run, or what stands for it.</summary>
    internal object Action => _action;

    internal bool IsDefault => _run is null;

    /// <summary>Runs it, on the calling thread. What it throws goes to whoever sent it and does not come out here.</summary>
    /// <returns>How it ended.</returns>
    public WorkOutcome Run()
    {
        try
        {
            return _run(_action, _state);
        }
        catch (Exception exception)
        {
            _failed(exception);
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
