using System.Runtime.CompilerServices;

namespace Vigil;

/// <summary>
/// Something that an event manager calls back for: a file descriptor, a timer, and so on. It lives from its creation by the manager
/// until it is cancelled. Its methods are for the loop's thread, or for any one thread between runs, unless they say otherwise; where its callback
/// runs on a worker they may be called in that callback, too, and the loop does then what they ask for.
/// </summary>
public abstract class CallbackEvent : IDisposable, IAsyncDisposable, ICallbackOwner
{
    // Events have no room for what most of them do not have.
    private static readonly ConditionalWeakTable<CallbackEvent, string> Names = [];

    private protected CallbackEvent(LoopCore core, CallbackEventOptions options)
    {
        Core = core;
        if (options.Name is not null)
        {
            Name = options.Name;
        }
    }

    /// <summary>The manager that runs it. Any thread.</summary>
    public EventManager Manager => Core.Manager;

    /// <summary>
    /// What reports, traces and messages call it, beside the method that is called, which many events may share; null, the default, for nothing.
    /// Costs the memory of a dictionary's entry where it is set, and nothing where it is not. Any thread; what is under way may still have the old one.
    /// </summary>
    /// <exception cref="ArgumentException">The name is empty or white space.</exception>
    public string? Name
    {
        get => Names.TryGetValue(this, out string? name) ? name : null;
        set
        {
            if (value is null)
            {
                Names.Remove(this);
                return;
            }

            ArgumentException.ThrowIfNullOrWhiteSpace(value);
            Names.AddOrUpdate(this, value);
        }
    }

    /// <summary>Where its callback runs. Any thread.</summary>
    public CallbackTarget Target => Lasting?.Target ?? CallbackTarget.Loop;

    /// <summary>Whether it is over: no callback follows, and it cannot be used again. Any thread.</summary>
    public abstract bool IsCancelled { get; }

    /// <summary>
    /// How long its callback may take before the manager's watchdog flags it; null, the default, for what
    /// <see cref="WatchdogOptions.CallbackBudget"/> says, and <see cref="Timeout.InfiniteTimeSpan"/> for any time. Without a watchdog nothing comes of it,
    /// nor where the callback runs on a worker, which keeps no loop: there <see cref="WorkerPoolOptions.WaitLimit"/> says how long work may wait.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The budget is not more than zero, or below <see cref="WatchdogOptions.SamplingPeriod"/> without <see cref="WatchdogOptions.ExactTiming"/>.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public TimeSpan? Budget
    {
        get => Core.Budgets.OwnOf(this);
        set
        {
            using ThreadClaim.Scope claim = Core.Claim();
            Core.Budgets.Set(this, value);
        }
    }

    /// <summary>What its callback's exceptions are reported as.</summary>
    internal abstract FaultOrigin FaultOrigin { get; }

    /// <summary>The file descriptor that it is about, or −1.</summary>
    internal virtual int DescriptorNumber => -1;

    internal abstract Delegate Callback { get; }

    internal LoopCore Core { get; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin;

    string ICallbackOwner.MethodName => MethodName.Of(Callback);

    string ICallbackOwner.Description => ToString()!;

    int ICallbackOwner.DescriptorNumber => DescriptorNumber;

    /// <summary>Its callback, if that outlasts its delivery; null where the loop calls it and has its end with its return.</summary>
    private protected virtual LastingCallback? Lasting => null;

    /// <summary>
    /// Ends it: no callback follows, even if what it waits for has happened already. A callback that is running on a worker, or is asynchronous and not finished, goes on;
    /// <see cref="CancelAsync"/> says when it has ended. Again, or when the manager is disposed or being disposed, it does nothing.
    /// </summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public void Cancel()
    {
        if (Lasting is not { } lasting)
        {
            CancelOnLoop();
        }
        else if (IsForwarded<CallbackEvent, bool>(static (self, _) => self.Cancel(), argument: default))
        {
            // The loop does the rest. What the running callback has still to go through ends at once.
            lasting.Revoke();
        }
        else
        {
            CancelOnLoop();
            lasting.Revoke();
        }
    }

    /// <summary>As <see cref="Cancel"/>, and waits until a callback that is running on a worker, or is asynchronous and not finished, has ended.</summary>
    /// <returns>
    /// A task that ends with that callback; at once where there is none. Its own callback must not wait for it. Of a <see cref="ChildEvent"/> that kills its
    /// process it ends when the process has ended, too.
    /// </returns>
    /// <exception cref="EventManagerException">As of <see cref="Cancel"/>.</exception>
    public Task CancelAsync()
    {
        Cancel();
        return WhenOver();
    }

    /// <summary>
    /// Ends it as <see cref="Cancel"/> does, and never throws. Any thread: where another one runs the manager, that one ends it with the next messages. What cannot be ended, such as a process
    /// that cannot be killed, is reported as a fault.
    /// </summary>
    public void Dispose()
    {
        try
        {
            Cancel();
        }
        catch (EventManagerException exception) when (exception.Error == EventManagerError.WrongThread)
        {
            Lasting?.Revoke();
            ForwardedCalls<CallbackEvent, bool>.Post(this, static (self, _) => self.Dispose(), argument: default);
        }
        catch (Exception exception)
        {
            Core.PostReport(this, exception);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Ends it as <see cref="Dispose"/> does, and waits as <see cref="CancelAsync"/> does. Never throws. Any thread.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return new ValueTask(WhenOver());
    }

    /// <summary>After it was cancelled: a task that ends when nothing of it goes on. Any thread.</summary>
    private protected virtual Task WhenOver() => Lasting?.WhenEnded() ?? Task.CompletedTask;

    /// <summary>Its lasting callback has ended, and the next may come. On the loop. Returns how many were sent.</summary>
    internal virtual int OnCallbackEnded() => 0;

    /// <summary>The workers have refused its callback, which was reported. On the loop. Returns how many were sent.</summary>
    internal virtual int OnCallbackRefused() => OnCallbackEnded();

    /// <summary>Its name, if it has one, and the method that is called: for messages.</summary>
    private protected string Title => Name is { } name ? $"\"{name}\" ({MethodName.Of(Callback)})" : $"({MethodName.Of(Callback)})";

    /// <summary>Ends it, on the loop's thread.</summary>
    private protected abstract void CancelOnLoop();

    /// <summary>In its own callback on a worker: leaves the call to the loop, which drops it if the event is over by then.</summary>
    private protected bool IsForwarded<TEvent, TArgument>(Action<TEvent, TArgument> call, TArgument argument)
        where TEvent : CallbackEvent
    {
        if (Lasting is not { IsRunningHere: true })
        {
            return false;
        }

        ForwardedCalls<TEvent, TArgument>.Post((TEvent)this, call, argument);
        return true;
    }

    bool ICallbackOwner.TryDetach()
    {
        bool isDetached = !IsCancelled;
        Cancel();
        return isDetached;
    }
}
