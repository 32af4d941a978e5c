namespace Vigil;

/// <summary>
/// An event's callback as the user gave it: a synchronous delegate of the event's own type, or a function that returns a <see cref="Task"/>
/// or a <see cref="ValueTask"/>. Made once per event. Afterwards the event calls a synchronous delegate on the loop directly, or uses a
/// <see cref="LastingCallback"/>.
/// </summary>
/// <typeparam name="TEvent">The event's type.</typeparam>
/// <typeparam name="TArgument">The type of the callback's argument.</typeparam>
internal readonly struct EventCallback<TEvent, TArgument>
    where TEvent : CallbackEvent
{
    private readonly Func<TEvent, TArgument, Task>? _asynchronous;

    /// <param name="callback">The user's delegate.</param>
    public EventCallback(Delegate callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        Delegate = callback;
    }

    public EventCallback(Func<TEvent, TArgument, Task> callback)
        : this((Delegate)callback)
    {
        _asynchronous = (source, argument) => callback(source, argument) ?? throw NoTask();
    }

    public EventCallback(Func<TEvent, TArgument, ValueTask> callback)
        : this((Delegate)callback)
    {
        _asynchronous = (source, argument) =>
        {
            ValueTask task = callback(source, argument);
            if (task.IsCompletedSuccessfully)
            {
                // GetResult returns a pooled IValueTaskSource to its pool.
                task.GetAwaiter().GetResult();
                return Task.CompletedTask;
            }

            return task.AsTask();
        };
    }

    /// <summary>The user's delegate.</summary>
    public Delegate Delegate { get; }

    public bool IsAsynchronous => _asynchronous is not null;

    /// <summary>Calls the asynchronous function; null if the callback is synchronous.</summary>
    public Func<TEvent, TArgument, Task>? Asynchronous => _asynchronous;

    /// <summary>Whether the callback outlasts its delivery on this target.</summary>
    /// <param name="target">Where it runs.</param>
    public bool Lasts(CallbackTarget target) => target.IsWorker || IsAsynchronous;

    /// <summary>
    /// What the event calls: a callback that outlasts its delivery, or one with its creator's context. Null if the event calls the user's
    /// delegate itself, on the loop, at no extra cost.
    /// </summary>
    /// <param name="callbackEvent">The event.</param>
    /// <param name="workers">The workers, used if the target is a worker.</param>
    /// <param name="target">Where it runs.</param>
    /// <param name="synchronous">The Invoke of the user's delegate, if that is synchronous.</param>
    public ICallbackRelay<TEvent, TArgument>? ToRelay(
        TEvent callbackEvent, LoopWorkers workers, CallbackTarget target, Action<TEvent, TArgument>? synchronous)
    {
        if (!Lasts(target))
        {
            // A descriptor's callback may run a hundred thousand times a second, so on the loop it has no activities.
            return AmbientContext.Flowing is { } context
                ? new FlowingCallback<TEvent, TArgument>(context, synchronous!, hasActivities: callbackEvent is not SocketEvent)
                : null;
        }

        Func<TEvent, TArgument, Task> invoke = _asynchronous ?? ((source, argument) =>
        {
            synchronous!(source, argument);
            return Task.CompletedTask;
        });
        return new LastingCallback<TEvent, TArgument>(callbackEvent, workers, target, Delegate, invoke, IsAsynchronous);
    }

    private static InvalidOperationException NoTask() => new("The asynchronous callback returned null instead of a task.");
}
