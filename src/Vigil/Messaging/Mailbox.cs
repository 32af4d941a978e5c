using System.Runtime.InteropServices;
using Vigil.Collections;
using Vigil.Polling;

namespace Vigil.Messaging;

/// <summary>What became of a message that was posted.</summary>
internal enum PostResult
{
    /// <summary>It will run, or be abandoned if the mailbox is closed before.</summary>
    Accepted,

    /// <summary>The mailbox is as full as it may be; nothing was posted.</summary>
    Full,

    /// <summary>The mailbox is closed; nothing was posted.</summary>
    Closed,
}

/// <summary>
/// Messages from any thread to one target, which takes them on its own thread, and a way to wake that thread.
/// </summary>
/// <remarks>
/// <para>Waking is coalesced: the waker is used once between two sleeps, and not at all while the receiver is awake. The protocol is
/// Dekker's. The receiver says that it sleeps and then looks whether there is mail; a sender adds mail and then looks whether the
/// receiver sleeps. Both steps are separated by full fences, so at least one of them sees the other. A sender that sees the
/// receiver asleep changes the state to signalled, and whoever makes that change, one alone, uses the waker.</para>
/// <para>A kick is a wake-up without a message. It sticks while the receiver is awake and lets its next blocking wait return at once.</para>
/// <para>Closing sets the state first and abandons what is queued then, to the last message that was claimed before. A sender that finds
/// the state closed after adding may have come too late for that, so it abandons one message itself, if there is one: its own
/// or another late sender's, who then does the same for it. A lock makes it one at a time, since the queue has one consumer.</para>
/// </remarks>
internal sealed class Mailbox<TTarget> : IDisposable
{
    private const int Awake = 0;
    private const int Sleeping = 1;
    private const int Signalled = 2;
    private const int Closed = 3;

    private readonly MpscQueue<Message<TTarget>> _queue = new();
    private readonly Waker _waker = new();
    private readonly Lock _closing = new();
    private readonly int _capacity;
    private MailboxSignals _signals;

    /// <param name="capacity">How many messages may wait that were posted with a bound; 0 for any number.</param>
    public Mailbox(int capacity = 0)
    {
        _capacity = capacity;
    }

    /// <summary>What the receiver's poller watches, with <see cref="Waker.Interest"/>.</summary>
    public FileDescriptor WakerFd => _waker.Fd;

    /// <summary>Whether a message can be taken. One that is just being sent may be missed; going to sleep is not. For the receiver only.</summary>
    public bool HasMail => _queue.IsReady;

    /// <summary>
    /// How many messages a receiver should take before it does something else: some of those that wait now. Taking until nothing is
    /// left would chase the senders, one cache miss a message on both sides; what they send meanwhile makes up the next batch.
    /// </summary>
    public int BatchSize => _queue.CountInHead;

    /// <summary>Whether a kick has not yet been answered.</summary>
    public bool IsKicked => Volatile.Read(ref _signals.Kicked) != 0;

    /// <summary>Posts within the bound. For work whose sender can be told that there is too much of it.</summary>
    public PostResult Post(in Message<TTarget> message)
    {
        if (Volatile.Read(ref _signals.State) == Closed)
        {
            return PostResult.Closed;
        }

        if (_capacity > 0 && Interlocked.Increment(ref _signals.Waiting) > _capacity)
        {
            Interlocked.Decrement(ref _signals.Waiting);
            return PostResult.Full;
        }

        return Enqueue(in message);
    }

    /// <summary>Posts regardless of the bound. For messages whose senders wait, each for one, and for continuations, which must not be lost.</summary>
    public PostResult PostUnbounded(in Message<TTarget> message)
    {
        if (_capacity > 0)
        {
            Interlocked.Increment(ref _signals.Waiting);
        }

        return Enqueue(in message);
    }

    /// <summary>Ends the receiver's current wait or lets its next blocking one return at once.</summary>
    public void Kick()
    {
        Interlocked.Exchange(ref _signals.Kicked, 1);
        SignalIfAsleep();
    }

    /// <summary>Ends the receiver's current wait. What the caller wrote before is seen by the receiver, now or before it sleeps again.</summary>
    public void Wake()
    {
        Interlocked.MemoryBarrier();
        SignalIfAsleep();
    }

    /// <summary>Takes the oldest message. For the receiver only.</summary>
    public bool TryTake(out Message<TTarget> message)
    {
        if (!_queue.TryDequeue(out message))
        {
            return false;
        }

        if (_capacity > 0)
        {
            Interlocked.Decrement(ref _signals.Waiting);
        }

        return true;
    }

    /// <summary>Before a blocking wait: says that the receiver sleeps from now on. False where it must not, because mail or a kick is there.</summary>
    public bool TryBeginSleep()
    {
        Interlocked.Exchange(ref _signals.State, Sleeping);
        if (_queue.IsEmpty && !IsKicked)
        {
            return true;
        }

        Volatile.Write(ref _signals.State, Awake);
        return false;
    }

    /// <summary>After a wait that could block, whether it did or not: senders need not wake any more, and a kick is answered by the return.</summary>
    public void EndSleep()
    {
        Volatile.Write(ref _signals.State, Awake);
        if (IsKicked)
        {
            Interlocked.Exchange(ref _signals.Kicked, 0);
        }
    }

    /// <summary>Takes no more messages and abandons those that wait. Returns how many of them nobody could be told of.</summary>
    public int Close()
    {
        Interlocked.Exchange(ref _signals.State, Closed);
        return AbandonAll();
    }

    public void Dispose() => _waker.Dispose();

    private PostResult Enqueue(in Message<TTarget> message)
    {
        if (Volatile.Read(ref _signals.State) == Closed)
        {
            return PostResult.Closed;
        }

        _queue.Enqueue(in message);
        return SignalIfAsleep() == Closed && !AbandonOne(out _) ? PostResult.Closed : PostResult.Accepted;
    }

    private int SignalIfAsleep()
    {
        int state = Volatile.Read(ref _signals.State);
        if (state == Sleeping)
        {
            state = Interlocked.CompareExchange(ref _signals.State, Signalled, Sleeping);
            if (state == Sleeping)
            {
                _waker.Signal();
            }
        }

        return state;
    }

    private int AbandonAll()
    {
        int lost = 0;
        while (true)
        {
            if (!AbandonOne(out bool isEmpty))
            {
                lost++;
            }

            if (isEmpty)
            {
                return lost;
            }
        }
    }

    // True where somebody was told, or where there was nothing to abandon.
    private bool AbandonOne(out bool isEmpty)
    {
        Message<TTarget> message;
        lock (_closing)
        {
            while (!_queue.TryDequeue(out message))
            {
                isEmpty = _queue.IsEmpty;
                if (isEmpty)
                {
                    return true;
                }
            }
        }

        isEmpty = false;
        return message.Abandon();
    }
}

/// <summary>
/// What senders and the receiver of a mailbox tell each other. On cache lines of their own: the receiver writes its state in every
/// iteration, and senders read what lies beside it with every message. Outside of the mailbox: a generic type cannot have an explicit layout.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * 64)]
internal struct MailboxSignals
{
    /// <summary>What the receiver does.</summary>
    [FieldOffset(64)]
    public int State;

    /// <summary>1 where a kick has not yet been answered.</summary>
    [FieldOffset(68)]
    public int Kicked;

    /// <summary>How many messages wait; counted only where there is a bound.</summary>
    [FieldOffset(128)]
    public int Waiting;
}
