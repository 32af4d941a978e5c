using System.Diagnostics;
using Vigil.Messaging;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// The mailbox of a loop in a replay, which takes as many messages in an iteration as the recorded one. An input is one of them that has no
/// sender now. Others come from the loop itself, or from workers: those wait here for their place, or are waited for.
/// </summary>
internal sealed class ReplayedMailbox(ReplaySession replay, Mailbox<EventManager> mailbox)
{
    // How long a replay waits for a worker to end what it had ended in the recording.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    // Messages of workers that came before their turn, by their numbers, and others that came before one of a worker.
    private readonly Dictionary<long, Message<EventManager>> _early = [];
    private readonly Queue<Message<EventManager>> _others = new();

    /// <summary>Takes the next message of this iteration. False if the recorded iteration took no more, or if there is none.</summary>
    public bool TryTake(out Message<EventManager> message)
    {
        message = default;
        if (!replay.TryTakeMessage(out Func<int>? input, out long sequence))
        {
            return false;
        }

        if (input is not null)
        {
            message = ItemKind<EventManager>.Create(new InputMessage(input));
            return true;
        }

        if (TryAwait(sequence, out message))
        {
            return true;
        }

        replay.MissMessage();
        return false;
    }

    /// <summary>At disposal: nobody takes what is left. Returns how many closures are lost.</summary>
    public int Abandon()
    {
        int lost = _others.Concat(_early.Values).Count(message => !message.Abandon());
        _others.Clear();
        _early.Clear();
        return lost;
    }

    private bool TryAwait(long sequence, out Message<EventManager> message)
    {
        long start = Stopwatch.GetTimestamp();
        while (!TryFind(sequence, out message))
        {
            if (Stopwatch.GetElapsedTime(start) > LongestWait)
            {
                return false;
            }

            Thread.Yield();
        }

        return true;
    }

    private bool TryFind(long sequence, out Message<EventManager> message)
    {
        if (sequence == 0 ? _others.TryDequeue(out message) : _early.Remove(sequence, out message))
        {
            return true;
        }

        while (mailbox.TryTake(out message))
        {
            long found = (message.Action as ISequencedMessage)?.Sequence ?? 0;
            if (found == sequence)
            {
                return true;
            }

            if (found == 0)
            {
                _others.Enqueue(message);
            }
            else
            {
                _early.Add(found, message);
            }
        }

        return false;
    }

    /// <summary>A message whose sender is not there in a replay.</summary>
    private sealed class InputMessage(Func<int> deliver) : IMailboxItem
    {
        public object Subject => deliver;

        public int Deliver() => deliver();

        public bool Abandon() => true;
    }
}
