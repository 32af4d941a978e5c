using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Vigil.Diagnostics;

/// <summary>
/// The activities (spans) of callbacks, on the process's activity source "Vigil". docs/tracing.md lists their names and tags.
/// </summary>
/// <remarks>
/// <para>A callback has an activity if whoever sent or created it had one, so that a trace goes on where the callback runs: there is never
/// a root. Its parent is the current activity of its own execution context, which must have been entered. While nobody listens, a sender
/// asks <see cref="IsWantedHere"/>, and that is all.</para>
/// <para>Listeners are observers (<see cref="Observers"/>): their exceptions cost nobody a callback, and what they change in the ambient
/// state is undone. They run on the thread that starts or ends the activity, which is the current one then.</para>
/// </remarks>
internal static class CallbackActivity
{
    private const string CallName = "vigil.call";
    private const string WorkName = "vigil.work";
    private const string CallbackName = "vigil.callback";

    private static int _hasBegun;

    // Null until it is made.
    private static volatile ActivitySource? _source;

    /// <summary>Whether anybody listens.</summary>
    public static bool IsWanted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _source is { } source && source.HasListeners();
    }

    /// <summary>Whether anybody listens, and what the calling thread sends or triggers belongs to a trace.</summary>
    public static bool IsWantedHere
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsWanted && Activity.Current is not null;
    }

    /// <summary>
    /// Makes the source, unless that has begun. It asks listeners whether they want it, which is foreign code: so it is not made by a
    /// static constructor, nor under a lock, which other threads would wait for. If a listener throws, the next manager tries again.
    /// </summary>
    public static void Publish()
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) != 0)
        {
            return;
        }

        using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        try
        {
            _source = new ActivitySource("Vigil", typeof(CallbackActivity).Assembly.GetName().Version?.ToString());
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _hasBegun, 0);
            Observers.OnListenerThrown("the activity source", exception);
        }
    }

    /// <summary>A closure begins. On the loop, in its sender's context.</summary>
    /// <param name="manager">The manager's name.</param>
    /// <param name="callback">The user's delegate.</param>
    /// <param name="kind">How it was sent.</param>
    /// <returns>Its activity; null if its sender had none, or nobody wants it.</returns>
    public static Activity? StartCall(string manager, Delegate callback, string kind)
    {
        Activity? activity = Create(CallName, senders: null);
        if (activity is { IsAllDataRequested: true })
        {
            Describe(activity, manager, callback).SetTag("vigil.call.kind", kind);
        }

        return Start(activity);
    }

    /// <summary>Work begins. On a worker, in its sender's context.</summary>
    /// <param name="manager">The name of the manager that sent it.</param>
    /// <param name="callback">The user's delegate.</param>
    /// <param name="priority">Its priority.</param>
    /// <returns>See <see cref="StartCall"/>.</returns>
    public static Activity? StartWork(string manager, Delegate callback, string priority)
    {
        Activity? activity = Create(WorkName, senders: null);
        if (activity is { IsAllDataRequested: true })
        {
            Describe(activity, manager, callback).SetTag("vigil.work.priority", priority);
        }

        return Start(activity);
    }

    /// <summary>An event's callback begins, in its creator's context.</summary>
    /// <param name="manager">The manager's name.</param>
    /// <param name="callback">The user's delegate.</param>
    /// <param name="origin">The origin of the event's faults, which is its kind.</param>
    /// <param name="name">The event's name, if it has one.</param>
    /// <param name="senders">
    /// The activities that it was triggered in, if any. The first one is the parent if the creator had none; the others become links.
    /// </param>
    /// <returns>See <see cref="StartCall"/>.</returns>
    public static Activity? StartCallback(
        string manager, Delegate callback, FaultOrigin origin, string? name, IReadOnlyList<ActivityContext>? senders)
    {
        Activity? activity = Create(CallbackName, senders);
        if (activity is { IsAllDataRequested: true })
        {
            // A tag without a value is none.
            Describe(activity, manager, callback).SetTag("vigil.event.kind", KindOf(origin)).SetTag("vigil.event.name", name);
        }

        return Start(activity);
    }

    /// <summary>The callback has ended without an exception. Any thread.</summary>
    public static void End(Activity? activity)
    {
        if (activity is not null)
        {
            Stop(activity);
        }
    }

    /// <summary>The callback's task has ended. A cancelled one is no error. Any thread.</summary>
    public static void End(Activity? activity, Task task)
    {
        if (activity is not null)
        {
            AggregateException? failure = task.Exception;
            if (failure is not null)
            {
                Record(activity, failure.InnerExceptions.Count == 1 ? failure.InnerExceptions[0] : failure);
            }

            Stop(activity);
        }
    }

    /// <summary>The callback has thrown. Any thread.</summary>
    public static void Fail(Activity? activity, Exception exception)
    {
        if (activity is not null)
        {
            Record(activity, exception);
            Stop(activity);
        }
    }

    private static Activity? Create(string name, IReadOnlyList<ActivityContext>? senders)
    {
        Activity? creators = Activity.Current;
        if (_source is not { } source || (creators is null && senders is null))
        {
            return null;
        }

        ActivityContext parent = creators?.Context ?? senders![0];
        using AmbientContext.Scope scope = EnterOwnScope();
        try
        {
            return source.CreateActivity(
                name, ActivityKind.Internal, creators is null ? parent : default, tags: null, LinksTo(senders, parent));
        }
        catch (Exception exception)
        {
            Observers.OnListenerThrown(name, exception);
            return null;
        }
    }

    private static IEnumerable<ActivityLink>? LinksTo(IReadOnlyList<ActivityContext>? senders, ActivityContext parent) =>
        senders?.Where(sender => sender != parent).Select(static sender => new ActivityLink(sender));

    private static Activity Describe(Activity activity, string manager, Delegate callback) =>
        activity.SetTag("vigil.manager.name", manager).SetTag("code.function.name", MethodName.FullOf(callback));

    // An activity whose start made a listener throw is started nevertheless.
    private static Activity? Start(Activity? activity)
    {
        if (activity is null)
        {
            return null;
        }

        using (AmbientContext.Scope scope = EnterOwnScope())
        {
            try
            {
                activity.Start();
            }
            catch (Exception exception)
            {
                Observers.OnListenerThrown(activity.OperationName, exception);
            }
        }

        MakeCurrent(activity);
        return activity;
    }

    // In a scope also because an asynchronous callback ends on some other thread, whose current activity is not this one's business.
    private static void Stop(Activity activity)
    {
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        MakeCurrent(activity);
        try
        {
            activity.Stop();
        }
        catch (Exception exception)
        {
            Observers.OnListenerThrown(activity.OperationName, exception);
        }
    }

    // This notifies the handlers of Activity.CurrentChanged, after it was done.
    private static void MakeCurrent(Activity activity)
    {
        try
        {
            Activity.Current = activity;
        }
        catch (Exception exception)
        {
            Observers.OnListenerThrown(activity.OperationName, exception);
        }
    }

    // By the conventions for recorded errors: the type as a tag, the status with the message, and the exception as an event.
    private static void Record(Activity activity, Exception exception)
    {
        activity.SetStatus(ActivityStatusCode.Error);
        if (!activity.IsAllDataRequested)
        {
            return;
        }

        activity.SetTag("error.type", exception.GetType().FullName);
        using AmbientContext.Scope scope = AmbientContext.EnterScope(context: null, SynchronizationContext.Current);
        try
        {
            // The message and the text are a user's code, too.
            activity.SetStatus(ActivityStatusCode.Error, exception.Message);
            activity.AddException(exception);
        }
        catch (Exception thrown)
        {
            Observers.OnListenerThrown(activity.OperationName, thrown);
        }
    }

    // What a listener changes in the callback's context is undone.
    private static AmbientContext.Scope EnterOwnScope() =>
        AmbientContext.EnterScope(ExecutionContext.Capture(), SynchronizationContext.Current);

    private static string KindOf(FaultOrigin origin) => origin switch
    {
        FaultOrigin.TimerEvent => "timer",
        FaultOrigin.UserEvent => "user",
        FaultOrigin.SocketEvent => "socket",
        FaultOrigin.SignalEvent => "signal",
        FaultOrigin.ChildEvent => "child",
        FaultOrigin.FileEvent => "file",
        FaultOrigin.TimeProvider => "time_provider",
        _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "No event has this origin."),
    };
}
