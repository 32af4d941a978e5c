using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Vigil;

/// <summary>
/// Something that an event manager calls back for: a file descriptor, a timer, and so on. It lives from its creation by the manager until
/// it is cancelled. Unless stated otherwise, its methods are for the loop's thread, or for any one thread between runs. A callback that
/// runs on a worker may call them too; the loop then carries the calls out.
/// </summary>
public abstract class CallbackEvent : IDisposable, IAsyncDisposable, ICallbackOwner
{
    // A table instead of a field: most events have no name.
    private static readonly ConditionalWeakTable<CallbackEvent, string> Names = [];

    private protected CallbackEvent(LoopCore core, CallbackEventOptions options)
    {
        Core = core;
        if (options.Name is not null)
        {
            Name = options.Name;
        }
    }

    /// <summary>The manager it belongs to. Any thread.</summary>
    public EventManager Manager => Core.Manager;

    /// <summary>
    /// The name used in reports, traces and messages, beside the method called, which many events may share. Default: null, for no name. A
    /// name costs one dictionary entry, no name costs nothing. Any thread; reports in progress may still use the old name.
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
    /// How long its callback may take before the manager's watchdog flags it. <see cref="Timeout.InfiniteTimeSpan"/> means any time.
    /// Default: null, for <see cref="WatchdogOptions.CallbackBudget"/>. It has no effect without a watchdog, or if the callback runs on a
    /// worker, which does not hold up a loop. There <see cref="WorkerPoolOptions.WaitLimit"/> limits how long work may wait.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The budget is not positive, or is below <see cref="WatchdogOptions.SamplingPeriod"/>
    /// without <see cref="WatchdogOptions.ExactTiming"/>.</exception>
    /// <exception cref="EventManagerException">The call comes from a thread other than the loop's.</exception>
    public TimeSpan? Budget
    {
        get => Core.Budgets.OwnOf(this);
        set
        {
            using ThreadClaim.Scope claim = Core.Claim();
            Core.Budgets.Set(this, value);
        }
    }

    /// <summary>The fault origin of its callback's exceptions.</summary>
    internal abstract FaultOrigin FaultOrigin { get; }

    /// <summary>The number of its file descriptor, or −1.</summary>
    internal virtual int DescriptorNumber => -1;

    /// <summary>Whether the handle of the file that it watches is closed: nothing is delivered for it any more. Any thread.</summary>
    internal virtual bool IsFileClosed => false;

    internal abstract Delegate Callback { get; }

    internal LoopCore Core { get; }

    FaultOrigin ICallbackOwner.FaultOrigin => FaultOrigin;

    string ICallbackOwner.MethodName => MethodName.Of(Callback);

    string ICallbackOwner.Description => ToString()!;

    int ICallbackOwner.DescriptorNumber => DescriptorNumber;

    /// <summary>Its callback, if that outlasts its delivery; null if the loop calls it and it ends when it returns.</summary>
    private protected virtual LastingCallback? Lasting => null;

    /// <summary>
    /// Ends it: no callback follows, even if the event has already occurred. A callback that is running on a worker, or an unfinished
    /// asynchronous one, continues; <see cref="CancelAsync"/> reports its end. Does nothing if it is over, or if the manager is disposed or
    /// being disposed.
    /// </summary>
    /// <exception cref="EventManagerException">The call comes from a thread other than the loop's.</exception>
    public void Cancel()
    {
        if (Lasting is not { } lasting)
        {
            CancelOnLoop();
        }
        else if (IsForwarded<CallbackEvent, bool>(static (self, _) => self.Cancel(), argument: default))
        {
            // The loop does the rest. Callbacks that have not begun are ruled out at once.
            lasting.Revoke();
        }
        else
        {
            CancelOnLoop();
            lasting.Revoke();
        }
    }

    /// <summary>
    /// Cancels as <see cref="Cancel"/> does, and waits for a callback that is running on a worker or is asynchronous and unfinished.
    /// </summary>
    /// <returns>A task that completes when that callback has ended, or at once if there is none. Its own callback must not wait for it. For
    /// a <see cref="ChildEvent"/> that kills its process it completes when the process has ended, too.</returns>
    /// <exception cref="EventManagerException">See <see cref="Cancel"/>.</exception>
    public Task CancelAsync()
    {
        Cancel();
        return WhenOver();
    }

    /// <summary>
    /// Ends it as <see cref="Cancel"/> does, and never throws. Any thread: if another thread runs the manager, the call is posted to its
    /// loop. Failures, such as a process that cannot be killed, are reported as faults.
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
        catch (ObjectDisposedException)
        {
            // Another thread runs the manager for the last time. The event ends with the manager.
            Lasting?.Revoke();
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
        GC.SuppressFinalize(this);
        return new ValueTask(WhenOver());
    }

    /// <summary>
    /// The activities that the callback was sent in, beside its creator's; null if there are none. Once for each callback.
    /// </summary>
    internal virtual IReadOnlyList<ActivityContext>? TakeSenders() => null;

    /// <summary>Called after cancelling: a task that completes when none of its callbacks is running. Any thread.</summary>
    private protected virtual Task WhenOver() => Lasting?.WhenEnded() ?? Task.CompletedTask;

    /// <summary>Its lasting callback has ended, so the next may be sent. On the loop. Returns how many were sent.</summary>
    internal virtual int OnCallbackEnded() => 0;

    /// <summary>The workers refused its callback, which was reported. On the loop. Returns how many were sent.</summary>
    internal virtual int OnCallbackRefused() => OnCallbackEnded();

    /// <summary>Its name, if any, and the method called, for messages.</summary>
    private protected string Title => Name is { } name ? $"\"{name}\" ({MethodName.Of(Callback)})" : $"({MethodName.Of(Callback)})";

    /// <summary>Whether nothing is left to end.</summary>
    private protected virtual bool IsOver => IsCancelled;

    /// <summary>Ends it on the loop's thread, unless it has ended or the manager ends it.</summary>
    private protected void CancelOnLoop()
    {
        if (IsOver)
        {
            return;
        }

        using ThreadClaim.Scope claim = Core.ClaimToEnd(out bool isOver);
        if (!isOver)
        {
            EndOnLoop();
        }
    }

    /// <summary>Ends it. On the loop, once.</summary>
    private protected abstract void EndOnLoop();

    /// <summary>
    /// If called in its own callback on a worker, posts the call to the loop, which drops it if the event is over by then.
    /// </summary>
    /// <returns>Whether the call was posted, so that the caller has nothing left to do.</returns>
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
