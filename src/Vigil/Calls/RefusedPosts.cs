using Vigil.Diagnostics;
using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// Counts the posts that a full mailbox refuses, and reports them on the loop. A refused sender may hold locks, so no handler runs there.
/// </summary>
/// <remarks>
/// The report is a message itself, posted regardless of the bound. It is delivered behind the messages that fill the mailbox, and counts
/// what was refused until then: however many senders are refused, there is one report at a time. A recorded loop reports nothing: its
/// replay has no senders to refuse, and would wait for the message.
/// </remarks>
internal sealed class RefusedPosts : IMailboxItem
{
    private readonly LoopCore _core;
    private readonly int _capacity;
    private readonly Func<EventHandler<MailboxFullReport>?> _handlers;
    private long _refused;

    /// <param name="core">The loop.</param>
    /// <param name="capacity">The mailbox's bound.</param>
    /// <param name="handlers">Returns the current handlers.</param>
    public RefusedPosts(LoopCore core, int capacity, Func<EventHandler<MailboxFullReport>?> handlers)
    {
        _core = core;
        _capacity = capacity;
        _handlers = handlers;
    }

    /// <summary>A post was refused. Any thread.</summary>
    public void Count()
    {
        if (_core.Recording is null && _handlers() is not null && Interlocked.Increment(ref _refused) == 1)
        {
            _core.Mailbox.PostUnbounded(this);
        }
    }

    int IMailboxItem.Deliver()
    {
        long refused = Interlocked.Exchange(ref _refused, 0);
        if (_handlers() is { } handlers)
        {
            Observers.Notify(handlers, _core.Manager, new MailboxFullReport(_core.Name, _capacity, refused));
        }

        return 0;
    }

    // The senders know, and nobody else is left to be told.
    bool IMailboxItem.Abandon() => true;
}
