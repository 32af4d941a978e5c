using System.Diagnostics;
using Vigil.Diagnostics;
using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// A closure's message that runs in its sender's execution context and has an activity, which ends when the closure does. An object, since
/// it outlasts the delivery of an asynchronous closure. Made only while somebody listens to activities, for a sender that has one.
/// </summary>
internal sealed class TracedMessage : IMailboxItem, ISequencedMessage
{
    private readonly LoopCore _core;
    private readonly ExecutionContext _context;
    private readonly Message<EventManager> _message;
    private readonly string _kind;

    private TracedMessage(LoopCore core, ExecutionContext context, in Message<EventManager> message, string kind)
    {
        _core = core;
        _context = context;
        _message = message;
        _kind = kind;
    }

    /// <summary>A message in a context that belongs to a trace.</summary>
    /// <param name="core">The loop that it is for.</param>
    /// <param name="context">The context.</param>
    /// <param name="message">The message. Its subject is the user's delegate.</param>
    /// <param name="kind">How it was sent.</param>
    public static Message<EventManager> In(LoopCore core, ExecutionContext context, in Message<EventManager> message, string kind) =>
        ItemKind<EventManager>.Create(new TracedMessage(core, context, in message, kind));

    object IMailboxItem.Subject => _message.Subject;

    long ISequencedMessage.Sequence => (_message.Action as ISequencedMessage)?.Sequence ?? 0;

    // The loop restores its own context afterwards.
    int IMailboxItem.Deliver()
    {
        AmbientContext.Enter(_context);
        Activity? activity = CallbackActivity.StartCall(_core.Name, (Delegate)_message.Subject, _kind);
        Task task;
        try
        {
            task = _message.Begin(_core.Manager);
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(activity, exception);
            throw;
        }

        if (task.IsCompleted)
        {
            CallbackActivity.End(activity);
        }
        else if (activity is not null)
        {
            _ = task.ContinueWith(
                static (ended, activity) => OnEnded((Activity)activity!, ended),
                activity,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return 1;
    }

    bool IMailboxItem.Abandon() => _message.Abandon();

    // A cancelled task is an error here: nobody waits for it, so it is a fault of the loop.
    private static void OnEnded(Activity activity, Task task)
    {
        try
        {
            task.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(activity, exception);
            return;
        }

        CallbackActivity.End(activity);
    }
}
