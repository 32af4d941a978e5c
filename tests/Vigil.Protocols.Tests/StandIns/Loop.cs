using System.Diagnostics;
using Exploration;
using Vigil.Messaging;
using Vigil.Polling;

// What calls, events and their callbacks use of the loop, the workers and each other.
namespace Vigil;

internal sealed class EventManager;

/// <summary>
/// The loop's mailbox, which has scenarios of its own. Here posting is one step, and so is the end. A loop that sleeps is woken.
/// </summary>
internal sealed class PostBox
{
    private int _posted;
    private int _delivered;
    private readonly IMailboxItem?[] _items = new IMailboxItem?[16];

    public PostResult PostUnbounded(IMailboxItem item)
    {
        int index = Interlocked.Increment(ref _posted) - 1;
        Volatile.Write(ref _items[index], item);
        return PostResult.Accepted;
    }

    /// <summary>Waits for a message and delivers it. For the loop.</summary>
    public void DeliverOne()
    {
        int next = _delivered++;
        Memory.AwaitAndChange(ref _items[next], item => item is not null, item => (item, false), "an item");
        _items[next]!.Deliver();
    }
}

internal sealed class LoopCore
{
    public PostBox Mailbox { get; } = new();

    public EventManager Manager { get; } = new();

    public FaultSink Faults { get; } = new();

    public bool IsDisposed => false;

    public IBlockingWait? BlockingWait => null;

    public Recording? Recording => null;

    public TaskCreationOptions TaskOptions => TaskCreationOptions.RunContinuationsAsynchronously;

    public ThreadClaim.Scope Claim() => default;

    public Exception NotWoken() => new InvalidOperationException("The loop was not woken.");

    public void Call<TOwner, TArgument>(TOwner owner, Action<TOwner, TArgument> callback, TArgument argument) => callback(owner, argument);

    public void PostFault(CallbackEvent owner, Exception exception) => throw new InvalidOperationException($"{owner}", exception);
}

/// <summary>Nothing is recorded here.</summary>
internal sealed class Recording
{
    public long NextSequence() => 0;
}

internal static class ThreadClaim
{
    public readonly struct Scope : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

internal sealed class Fault(FaultOrigin origin, Exception exception)
{
    public FaultOrigin Origin => origin;

    public Exception Exception => exception;

    public CallbackEvent? Owner { get; init; }

    public int Fd { get; init; }
}

internal sealed class FaultSink
{
    public void OnThrown(CallbackEvent owner, Exception exception) => throw new InvalidOperationException($"{owner}", exception);

    public void Report(Fault fault) => throw new InvalidOperationException($"{fault.Origin}", fault.Exception);
}

internal static class AmbientContext
{
    public static ExecutionContext? Flowing => null;

    public static void Enter(ExecutionContext context) => throw new ArgumentException("No context flows here.", nameof(context));
}

internal class WorkContext(Action<Exception> failed) : SynchronizationContext
{
    public void OnFailed(Exception exception) => failed(exception);
}

internal sealed class AsyncWorkContext(LoopWorkers workers, WorkTarget target, Action<Exception> failed) : WorkContext(failed)
{
    public LoopWorkers Workers => workers;

    public WorkTarget Target => target;
}

/// <summary>Work: what a queue passes on.</summary>
internal readonly struct WorkItem(
    Func<object, object?, WorkOutcome> run,
    Action<object, object?>? drop,
    object action,
    object? state,
    WorkContext? sender,
    ExecutionContext? context,
    WorkTarget target)
{
    public object Action => action;

    public int Thread => target.ThreadNumber ?? -1;

    public WorkPriority Priority => target.Priority;

    public WorkContext? Sender => sender;

    public ExecutionContext? Context => context;

    public bool IsUnbounded { get; init; }

    public WorkOutcome Run() => run(action, state);

    public void Drop() => drop?.Invoke(action, state);
}

/// <summary>The workers: items that are sent come to whoever takes the next one.</summary>
internal sealed class LoopWorkers
{
    private readonly WorkItem[] _items = new WorkItem[16];
    private int _sent;
    private int _taken;

    public bool TrySend(in WorkItem item)
    {
        // Only the loop sends.
        _items[_sent] = item;
        Interlocked.Increment(ref _sent);
        return true;
    }

    /// <summary>Waits for the next item, and runs it.</summary>
    public WorkOutcome RunOne()
    {
        int taken = Interlocked.Increment(ref _taken) - 1;
        Memory.AwaitAndChange(ref _sent, sent => sent > taken, sent => (sent, false), "the items sent");
        return _items[taken].Run();
    }

    /// <summary>How many items have not been run. For the end.</summary>
    public int Left => _sent - _taken;
}

internal abstract class PendingCall(LoopCore core) : IMailboxItem
{
    public abstract Delegate Callback { get; }

    public abstract string Kind { get; }

    protected LoopCore Core => core;

    protected Activity? StartActivity() => null;

    public abstract bool Run(EventManager manager);

    public abstract void Fail(ObjectDisposedException exception);

    public abstract bool TryAbandon();

    public int Deliver() => Run(core.Manager) ? 1 : 0;

    public bool Abandon() => true;
}

internal class CallbackEventOptions
{
    public CallbackTarget Target { get; init; }

    public void Require(LoopWorkers workers) => _ = workers;
}

internal sealed class UserEventOptions : CallbackEventOptions;

public abstract class CallbackEvent
{
    private readonly LoopCore _core;
    private readonly CallbackEventOptions _options;

    private protected CallbackEvent(LoopCore core, CallbackEventOptions options)
    {
        _core = core;
        _options = options;
    }

    public abstract bool IsCancelled { get; }

    public string Title => $"{_options.Target}";

    internal abstract FaultOrigin FaultOrigin { get; }

    internal virtual int DescriptorNumber => -1;

    internal virtual bool IsFileClosed => false;

    internal abstract Delegate Callback { get; }

    internal LoopCore Core => _core;

    private protected virtual LastingCallback? Lasting => null;

    public void Cancel() => EndOnLoop();

    internal virtual int OnCallbackEnded() => 0;

    internal virtual int OnCallbackRefused() => 0;

    internal virtual IReadOnlyList<ActivityContext>? TakeSenders() => null;

    private protected abstract void EndOnLoop();
}

/// <summary>Nobody listens to activities here.</summary>
internal static class TracedCallback
{
    public static Activity? Start(CallbackEvent source) => null;

    public static void Invoke<TSource, TArgument>(TSource source, TArgument argument, Action<TSource, TArgument> callback) =>
        callback(source, argument);
}

internal sealed class TriggerOrigins
{
    private readonly Lock _lock = new();

    public Lock.Scope Record(ActivityContext origin) => _lock.EnterScope();

    public Lock.Scope Take() => _lock.EnterScope();

    public IReadOnlyList<ActivityContext>? Hand() => null;
}

internal readonly struct EventCallback<TEvent, TArgument>(Delegate callback)
    where TEvent : CallbackEvent
{
    public Delegate Delegate => callback;

    public ICallbackRelay<TEvent, TArgument>? ToRelay(
        TEvent callbackEvent, LoopWorkers workers, CallbackTarget target, Action<TEvent, TArgument>? synchronous) =>
        target.IsWorker
            ? new LastingCallback<TEvent, TArgument>(
                callbackEvent,
                workers,
                target,
                callback,
                (source, argument) =>
                {
                    synchronous!(source, argument);
                    return Task.CompletedTask;
                },
                isAsynchronous: false)
            : null;
}

internal abstract class FlowingCallback
{
    public static Delegate UsersOf(Delegate callback) => callback;
}
