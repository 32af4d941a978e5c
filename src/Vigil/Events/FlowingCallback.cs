using Vigil.Diagnostics;

namespace Vigil;

/// <summary>
/// A callback with an execution context of its own: its creator's, unless that is the default one. It wraps the user's delegate, so events
/// without a context pay nothing.
/// </summary>
internal abstract class FlowingCallback
{
    private readonly ExecutionContext _context;

    protected FlowingCallback(ExecutionContext context, Delegate callback)
    {
        _context = context;
        Callback = callback;
    }

    /// <summary>The user's delegate.</summary>
    public Delegate Callback { get; }

    /// <summary>The user's delegate, given a delegate that may be a flowing callback's.</summary>
    public static Delegate UsersOf(Delegate callback) => callback.Target is FlowingCallback flowing ? flowing.Callback : callback;

    // The caller restores the thread's own context afterwards.
    protected void Enter() => AmbientContext.Enter(_context);
}

/// <inheritdoc/>
internal sealed class FlowingCallback<TSource, TArgument> : FlowingCallback, ICallbackRelay<TSource, TArgument>
    where TSource : CallbackEvent
{
    private readonly Action<TSource, TArgument> _callback;
    private readonly bool _hasActivities;

    /// <param name="context">The context.</param>
    /// <param name="callback">The Invoke of the user's delegate.</param>
    /// <param name="hasActivities">Whether each call has an activity, if somebody listens.</param>
    public FlowingCallback(ExecutionContext context, Action<TSource, TArgument> callback, bool hasActivities)
        : base(context, (Delegate)callback.Target!)
    {
        _callback = callback;
        _hasActivities = hasActivities;
    }

    public void Invoke(TSource source, TArgument argument)
    {
        Enter();
        if (_hasActivities && CallbackActivity.IsWanted)
        {
            TracedCallback.Invoke(source, argument, _callback);
        }
        else
        {
            _callback(source, argument);
        }
    }
}
