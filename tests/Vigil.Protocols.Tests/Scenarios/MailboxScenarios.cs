using Exploration;
using Vigil.IO;
using Vigil.Messaging;

namespace Vigil.Protocols.Scenarios;

/// <summary>Letters to nobody in particular.</summary>
internal sealed class Letter(int sender, int number) : IMailboxItem
{
    public int Sender => sender;

    public int Number => number;

    public int Deliver() => 1;

    // Nobody is told of its end, so a letter that is not delivered counts as lost.
    public bool Abandon() => false;
}

/// <summary>What mailbox scenarios share: senders, and a receiver that sleeps when there is nothing to do.</summary>
internal abstract class MailboxScenario(int senders, int letters) : Scenario
{
    // Made before, so that the explorer can tell them apart.
    private readonly Letter[][] _letters =
        [.. Enumerable.Range(0, senders).Select(
            sender => Enumerable.Range(0, letters).Select(number => new Letter(sender, number)).ToArray())];

    protected int Senders => senders;

    protected int Letters => letters;

    protected Mailbox<object> Mailbox { get; } = new();

    protected List<Letter> Received { get; } = [];

    protected EventFd Waker => Mailbox.WakerFd.Target;

    /// <summary>Posts letters, and returns what became of each.</summary>
    protected PostResult[] Send(int sender)
    {
        var results = new PostResult[letters];
        for (int i = 0; i < letters; i++)
        {
            results[i] = Mailbox.Post(_letters[sender][i]);
            Memory.Rest(DigestOf(results.Take(i + 1)));
        }

        return results;
    }

    /// <summary>One turn of a loop: sleeps if it may, then takes what is there.</summary>
    protected void ReceiveOnce()
    {
        if (!Mailbox.HasMail)
        {
            Rest(1);
            switch (Mailbox.BeginSleep())
            {
                case SleepPermit.Unlimited:
                    Rest(2);
                    Waker.AwaitEdge();
                    break;
                case SleepPermit.Brief:
                    Waker.AwaitEdgeBriefly();
                    break;
                default:
                    break;
            }

            Rest(3);
            Mailbox.EndSleep();
        }

        Rest(4);
        for (int left = Mailbox.BatchSize; left > 0 && Mailbox.TryTake(out Message<object> message); left--)
        {
            Received.Add((Letter)message.Action);
            Rest(5 + left);
        }

        Rest(5);
    }

    // What the receiver remembers: what it has received from each sender, and where it is.
    private void Rest(int place) => Memory.Rest(
        DigestOf(Received.OrderBy(letter => letter.Sender).Select(letter => (8 * letter.Sender) + letter.Number))
            + ((UInt128)Waker.Seen << 64) + ((UInt128)(uint)place << 96));

    /// <summary>What a thread remembers between two operations.</summary>
    protected static UInt128 DigestOf<T>(IEnumerable<T> results) =>
        results.Aggregate(UInt128.One, (digest, result) => (digest * 67) + (UInt128)(uint)result!.GetHashCode());

    /// <summary>Each letter that was accepted was received once, and those of one sender in the order in which they were sent.</summary>
    protected static void CheckReceived(IEnumerable<Letter> received, params PostResult[][] sent)
    {
        for (int sender = 0; sender < sent.Length; sender++)
        {
            int[] accepted = [.. Enumerable.Range(0, sent[sender].Length).Where(number => sent[sender][number] == PostResult.Accepted)];
            int[] arrived = [.. received.Where(letter => letter.Sender == sender).Select(letter => letter.Number)];
            if (!accepted.SequenceEqual(arrived))
            {
                throw new InvalidOperationException(
                    $"Of sender {sender} {string.Join(' ', accepted)} were accepted, and {string.Join(' ', arrived)} received.");
            }
        }
    }
}

/// <summary>
/// Sleep and wake-up: a receiver that sleeps whenever it may receives all that is sent, each sender's letters in order, without a timeout.
/// </summary>
internal sealed class MailboxSleep(int senders, int letters) : MailboxScenario(senders, letters)
{
    private readonly PostResult[][] _sent = new PostResult[senders][];

    public override IReadOnlyList<Action> Threads =>
        [.. Enumerable.Range(0, Senders).Select(sender => (Action)(() => _sent[sender] = Send(sender))), Receive];

    public override void Check() => CheckReceived(Received, _sent);

    private void Receive()
    {
        while (Received.Count < Senders * Letters)
        {
            ReceiveOnce();
        }
    }
}

/// <summary>
/// Kicks: each kick that was made since the receiver last began to wait ends a wait; a receiver that waits until the last kick has been
/// made never sleeps for ever.
/// </summary>
internal sealed class MailboxKick(int kicks) : MailboxScenario(0, 0)
{
    private int _made;

    public override IReadOnlyList<Action> Threads => [Kick, Receive];

    public override void Check()
    {
    }

    private void Kick()
    {
        for (int i = 1; i <= kicks; i++)
        {
            Volatile.Write(ref _made, i);
            Mailbox.Kick();
        }
    }

    private void Receive()
    {
        while (Volatile.Read(ref _made) < kicks)
        {
            ReceiveOnce();
        }
    }
}

/// <summary>
/// The end: each letter that was accepted is received or counted as lost, exactly once, while senders go on and are refused. Nothing that
/// is accepted comes after the count.
/// </summary>
internal sealed class MailboxClosing(int senders, int letters, int turns) : MailboxScenario(senders, letters)
{
    private readonly PostResult[][] _sent = new PostResult[senders][];
    private int _lost;

    public override IReadOnlyList<Action> Threads =>
        [.. Enumerable.Range(0, Senders).Select(sender => (Action)(() => _sent[sender] = Send(sender))), Receive];

    public override void Check()
    {
        int accepted = _sent.Sum(results => results.Count(result => result == PostResult.Accepted));
        if (accepted != Received.Count + _lost)
        {
            throw new InvalidOperationException(
                $"{accepted} letters were accepted, {Received.Count} received and {_lost} counted as lost.");
        }

        foreach (PostResult[] results in _sent)
        {
            int refused = Array.IndexOf(results, PostResult.Closed);
            if (refused >= 0 && results.Skip(refused).Any(result => result != PostResult.Closed))
            {
                throw new InvalidOperationException("A letter was accepted after the end.");
            }
        }
    }

    private void Receive()
    {
        for (int turn = 0; turn < turns; turn++)
        {
            if (Mailbox.TryTake(out Message<object> message))
            {
                Received.Add((Letter)message.Action);
            }
        }

        _lost = Mailbox.Close();
    }
}
