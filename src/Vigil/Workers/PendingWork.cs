using System.Diagnostics;
using Vigil.Diagnostics;

namespace Vigil;

/// <summary>Work that its sender may cancel or wait for. Beginning and cancelling exclude each other: the first one wins.</summary>
internal abstract class PendingWork
{
    private const int Waiting = 0;
    private const int Over = 1;

    private int _state;
    private CancellationTokenRegistration _cancellation;

    // Who sent it within a trace to which somebody listened; null otherwise.
    private string? _tracedManager;
    private WorkPriority _priority;
    private Activity? _activity;

    /// <summary>The user's delegate.</summary>
    protected abstract Delegate Callback { get; }

    /// <summary>For messages: the method that is called.</summary>
    public override string ToString() => MethodName.Of(Callback);

    /// <summary>Called before the work is sent, within a trace: it has an activity.</summary>
    /// <param name="manager">The name of the manager that sends it.</param>
    /// <param name="priority">Its priority.</param>
    public void Trace(string manager, WorkPriority priority)
    {
        _tracedManager = manager;
        _priority = priority;
    }

    /// <summary>Runs it, unless it is cancelled.</summary>
    public WorkOutcome Run()
    {
        if (!TryEnd())
        {
            return WorkOutcome.Cancelled;
        }

        _cancellation.Unregister();
        return _tracedManager is null ? Execute() : ExecuteInTrace(_tracedManager);
    }

    /// <summary>The work will not run: no worker takes it any more.</summary>
    public void Drop()
    {
        if (TryEnd())
        {
            _cancellation.Unregister();
            OnCancelled(new CancellationToken(canceled: true));
        }
    }

    /// <summary>Called before the work is sent: lets a token cancel it while it is queued.</summary>
    public void CancelBy(CancellationToken token) => _cancellation = token.UnsafeRegister(
        static (work, token) =>
        {
            var self = (PendingWork)work!;
            if (self.TryEnd())
            {
                self.OnCancelled(token);
            }
        },
        this);

    /// <summary>
    /// Runs the user's delegate, and ends the activity before anybody gets the outcome. An exception thrown here is reported to the sender.
    /// One that reaches the sender another way is returned as <see cref="WorkOutcome.Failed"/>.
    /// </summary>
    protected abstract WorkOutcome Execute();

    /// <summary>The work will not run. Notifies those that wait for it.</summary>
    protected abstract void OnCancelled(CancellationToken token);

    /// <summary>Ends the activity: the user's delegate, or the task that it returned, has ended.</summary>
    protected void EndActivity() => CallbackActivity.End(_activity);

    /// <inheritdoc cref="EndActivity()"/>
    /// <param name="task">The task.</param>
    protected void EndActivity(Task task) => CallbackActivity.End(_activity, task);

    /// <inheritdoc cref="EndActivity()"/>
    /// <param name="exception">What the delegate threw.</param>
    protected void EndActivity(Exception exception) => CallbackActivity.Fail(_activity, exception);

    private WorkOutcome ExecuteInTrace(string manager)
    {
        _activity = CallbackActivity.StartWork(manager, Callback, PriorityName(_priority));
        return Execute();
    }

    private static string PriorityName(WorkPriority priority) => priority switch
    {
        WorkPriority.High => "high",
        WorkPriority.Low => "low",
        _ => "normal",
    };

    private bool TryEnd() => Interlocked.Exchange(ref _state, Over) == Waiting;
}
