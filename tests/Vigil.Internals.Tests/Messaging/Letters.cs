using System.Collections.Concurrent;
using System.Reflection;
using Vigil.Collections;
using Vigil.Internals.Tests.Collections;
using Vigil.IO;
using Vigil.Messaging;

namespace Vigil.Internals.Tests.Messaging;

/// <summary>Numbered messages, and ways to observe a mailbox from outside.</summary>
internal static class Letters
{
    private const int Sleeping = 1;

    /// <summary>A message that adds its number to the target.</summary>
    public static Message<List<int>> Numbered(int number) =>
        StateKind<List<int>, int>.Create(static (target, number) => target.Add(number), number);

    public static List<int> DeliverAll(this Mailbox<List<int>> mailbox)
    {
        List<int> delivered = [];
        while (mailbox.TryTake(out Message<List<int>> message))
        {
            message.Deliver(delivered);
        }

        return delivered;
    }

    /// <summary>A sender that has begun to send a message and stalls.</summary>
    public static StalledSender<Message<T>> Stall<T>(this Mailbox<T> mailbox, Message<T> message) =>
        StalledSender<Message<T>>.TryClaim((MpscQueue<Message<T>>)PrivateField(mailbox, "_queue"), message)!;

    /// <summary>The number of messages that count for the bound.</summary>
    public static int Waiting<T>(this Mailbox<T> mailbox) => ((MailboxSignals)PrivateField(mailbox, "_signals")).Waiting;

    /// <summary>Whether the receiver sleeps or is about to, so that a sender must wake it. Any thread.</summary>
    public static bool IsAsleep<T>(this Mailbox<T> mailbox) => ((MailboxSignals)PrivateField(mailbox, "_signals")).State == Sleeping;

    /// <summary>How often the waker was used since the last call: a counter that production code never reads.</summary>
    public static ulong TakeSignals<T>(this Mailbox<T> mailbox)
    {
        var counter = (EventFd)mailbox.WakerFd.Handle!;
        counter.TryTake(out ulong signals);
        return signals;
    }

    private static object PrivateField<T>(Mailbox<T> mailbox, string name) =>
        typeof(Mailbox<T>).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(mailbox)!;
}

/// <summary>Numbered messages that record that they were abandoned.</summary>
internal sealed class LetterKind(bool tellsSender) : MessageKind<List<int>>
{
    private readonly ConcurrentQueue<int> _abandoned = new();

    public IReadOnlyCollection<int> Abandoned => _abandoned;

    /// <summary>Whether abandoning throws, after it was recorded.</summary>
    public bool Throws { get; init; }

    public Message<List<int>> Letter(int number) => new(this, number);

    public override int Deliver(List<int> target, in Message<List<int>> message)
    {
        target.Add((int)message.Action);
        return 1;
    }

    public override bool Abandon(in Message<List<int>> message)
    {
        _abandoned.Enqueue((int)message.Action);
        return Throws ? throw new InvalidOperationException("It cannot be told.") : tellsSender;
    }
}

/// <summary>A message that is an object, and takes messages of two types. Somebody is notified of the smaller one's loss only.</summary>
internal sealed class Parcel : IMailboxItem, IMailboxItem<long>, IMailboxItem<(int Number, string Name)>
{
    public List<string> Ends { get; } = [];

    int IMailboxItem.Deliver() => Note("delivered", 1);

    bool IMailboxItem.Abandon() => Note("abandoned", 0) == 1;

    int IMailboxItem<long>.Deliver(long state) => Note($"delivered {state}", 1);

    bool IMailboxItem<long>.Abandon(long state) => Note($"abandoned {state}", 1) == 1;

    int IMailboxItem<(int Number, string Name)>.Deliver((int Number, string Name) state) => Note($"delivered {state}", 1);

    bool IMailboxItem<(int Number, string Name)>.Abandon((int Number, string Name) state) => Note($"abandoned {state}", 0) == 1;

    private int Note(string end, int result)
    {
        Ends.Add(end);
        return result;
    }
}
