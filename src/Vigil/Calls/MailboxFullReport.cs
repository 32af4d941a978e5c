namespace Vigil;

/// <summary>
/// Senders were refused, because a mailbox held as many messages as <see cref="EventManagerOptions.MailboxCapacity"/> allows.
/// </summary>
public sealed class MailboxFullReport
{
    internal MailboxFullReport(string manager, int capacity, long refused)
    {
        ManagerName = manager;
        Capacity = capacity;
        Refused = refused;
    }

    /// <summary>The name of the manager.</summary>
    public string ManagerName { get; }

    /// <summary>How many messages may wait.</summary>
    public int Capacity { get; }

    /// <summary>How many posts were refused since the last report, or since the first handler was added.</summary>
    public long Refused { get; }

    /// <summary>One line for a log.</summary>
    public override string ToString() => $"{ManagerName}: the mailbox was full ({Capacity} messages), and {Refused} posts were refused";
}
