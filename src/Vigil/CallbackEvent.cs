namespace Vigil;

/// <summary>
/// Something that an event manager calls back for: a file descriptor, a timer, and so on. It lives from its creation by the manager
/// until it is cancelled. Its methods are for the loop's thread, or for any one thread between runs, unless they say otherwise.
/// </summary>
public abstract class CallbackEvent : IDisposable
{
    private protected CallbackEvent(EventManager manager) => Manager = manager;

    /// <summary>The manager that runs it. Any thread.</summary>
    public EventManager Manager { get; }

    /// <summary>Whether it is over: no callback follows, and it cannot be used again.</summary>
    public abstract bool IsCancelled { get; }

    /// <summary>
    /// How long its callback may take before the manager's watchdog flags it; null, the default, for what
    /// <see cref="WatchdogOptions.CallbackBudget"/> says, and <see cref="Timeout.InfiniteTimeSpan"/> for any time. Without a watchdog nothing comes of it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The budget is not more than zero, or below <see cref="WatchdogOptions.SamplingPeriod"/> without <see cref="WatchdogOptions.ExactTiming"/>.</exception>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public TimeSpan? Budget
    {
        get => Manager.Budgets.OwnOf(this);
        set
        {
            using ThreadClaim.Scope claim = Manager.Claim();
            Manager.Budgets.Set(this, value);
        }
    }

    /// <summary>What its callback's exceptions are reported as.</summary>
    internal abstract FaultOrigin FaultOrigin { get; }

    internal abstract Delegate Callback { get; }

    /// <summary>Ends it: no callback follows, even if what it waits for has happened already. Again, or after the manager was disposed, it does nothing.</summary>
    /// <exception cref="EventManagerException">The call comes from another thread than the loop's.</exception>
    public abstract void Cancel();

    /// <summary>The same as <see cref="Cancel"/>.</summary>
    public void Dispose()
    {
        Cancel();
        GC.SuppressFinalize(this);
    }

    /// <summary>The name of the method that is called, for messages.</summary>
    private protected string CallbackName => MethodName.Of(Callback);

    /// <summary>Its callback threw, and it is not one that the loop calls through a source or a timer.</summary>
    private protected void OnThrown(Exception exception) => Manager.Faults.OnThrown(this, exception);
}
