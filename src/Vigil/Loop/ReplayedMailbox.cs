using System.Diagnostics;
using Vigil.Messaging;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// The mailbox of a loop in a replay, which takes as many messages in an iteration as the recorded one. An input is one of them that has no
/// sender now. Others come from the loop itself, or from workers, which take their time.
/// </summary>
internal sealed class ReplayedMailbox(ReplaySession replay, Mailbox<EventManager> mailbox)
{
    // How long a replay waits for a worker to end what it had ended in the recording.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Takes the next message of this iteration. False if the recorded iteration took no more, or if there is none.</summary>
    public bool TryTake(out Message<EventManager> message)
    {
        message = default;
        if (!replay.TryTakeMessage(out Func<int>? input))
        {
            return false;
        }

        if (input is not null)
        {
            message = ItemKind<EventManager>.Create(new InputMessage(input));
            return true;
        }

        if (TryAwait(out message))
        {
            return true;
        }

        replay.MissMessage();
        return false;
    }

    private bool TryAwait(out Message<EventManager> message)
    {
        long start = Stopwatch.GetTimestamp();
        while (!mailbox.TryTake(out message))
        {
            if (Stopwatch.GetElapsedTime(start) > LongestWait)
            {
                return false;
            }

            Thread.Yield();
        }

        return true;
    }

    /// <summary>A message whose sender is not there in a replay.</summary>
    private sealed class InputMessage(Func<int> deliver) : IMailboxItem
    {
        public object Subject => deliver;

        public int Deliver() => deliver();

        public bool Abandon() => true;
    }
}
