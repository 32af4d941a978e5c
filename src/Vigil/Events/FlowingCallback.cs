namespace Vigil;

/// <summary>A callback with a context of its own: its creator's, where that is not the default one. It stands before the user's delegate, so that events without one pay nothing for it.</summary>
internal abstract class FlowingCallback
{
    private readonly ExecutionContext _context;

    protected FlowingCallback(ExecutionContext context, Delegate callback)
    {
        _context = context;
        Callback = callback;
    }

    /// <summary>What the user gave.</summary>
    public Delegate Callback { get; }

    /// <summary>The user's delegate, where a delegate may be that of a flowing callback.</summary>
    public static Delegate UsersOf(Delegate callback) => callback.Target is FlowingCallback flowing ? flowing.Callback : callback;

    // Whoever calls back gives the thread its own context back afterwards.
    protected void Enter() => AmbientContext.Enter(_context);
}

/// <inheritdoc/>
internal sealed class FlowingCallback<TSource, TArgument> : FlowingCallback
{
    private readonly Action<TSource, TArgument> _callback;

    /// <param name="context">The context.</param>
    /// <param name="callback">The Invoke of the user's delegate.</param>
    public FlowingCallback(ExecutionContext context, Action<TSource, TArgument> callback)
        : base(context, (Delegate)callback.Target!)
    {
        _callback = callback;
    }

    public void Invoke(TSource source, TArgument argument)
    {
        Enter();
        _callback(source, argument);
    }
}
