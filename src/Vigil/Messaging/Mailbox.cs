using System.Runtime.InteropServices;
using Vigil.Collections;
using Vigil.Interop;
using Vigil.Polling;
using Vigil.Threading;

namespace Vigil.Messaging;

/// <summary>What became of a message that was posted.</summary>
internal enum PostResult
{
    /// <summary>The mailbox has it: it will run, or be abandoned if the mailbox is closed before.</summary>
    Accepted,

    /// <summary>As <see cref="Accepted"/>, but the kernel refused to wake the receiver. It is tried again, by every later sender and after a pause.</summary>
    NotWoken,

    /// <summary>The mailbox is as full as it may be; nothing was posted.</summary>
    Full,

    /// <summary>The mailbox is closed; nothing was posted.</summary>
    Closed,
}

/// <summary>How long the receiver may sleep.</summary>
internal enum SleepPermit
{
    /// <summary>Not at all: mail or a kick is there.</summary>
    None,

    /// <summary>
    /// For a moment. A sender has begun to send and does not get on, because another thread has its processor; perhaps the receiver itself, which must not
    /// go on looking then. The sender wakes the receiver when it has finished.
    /// </summary>
    Brief,

    /// <summary>Until woken.</summary>
    Unlimited,
}

/// <summary>
/// Messages from any thread to one target, which takes them on its own thread, and a way to wake that thread.
/// </summary>
/// <remarks>
/// <para>Waking is coalesced: the waker is used once between two sleeps, and not at all while the receiver is awake. The protocol is
/// Dekker's. The receiver says that it sleeps and then looks whether there is mail; a sender adds mail and then looks whether the
/// receiver sleeps. Both steps are separated by full fences, so at least one of them sees the other. A sender that sees the
/// receiver asleep changes the state to signalled, and whoever makes that change, one alone, uses the waker.</para>
/// <para>If the kernel refuses to use the waker, that sender takes its change back and says so, and the next one tries. Others may have seen the state
/// signalled meanwhile and believe that the receiver wakes up. So it is also tried again after a pause, until it succeeds or is not needed any more.</para>
/// <para>A kick is a wake-up without a message. It sticks while the receiver is awake and lets its next blocking wait return at once.</para>
/// <para>Every message has one owner at any time and one end. Until the queue accepts it, it is its sender's. From then on it is the receiver's: it is taken and
/// run, or it is abandoned by <see cref="Close"/>, which the receiver calls as its last act. A message that is abandoned tells whoever waits for it, or is handed
/// over to somebody else who runs it, or is counted as lost. Closing seals the queue first. What was accepted before the seal is in the queue, and closing
/// takes all of it, and waits for senders that are still copying theirs. What comes after the seal is refused and stays its sender's. So nobody
/// but the receiver ever decides about a message that was accepted, and nobody but its sender about one that was not.</para>
/// </remarks>
internal sealed class Mailbox<TTarget> : IDisposable
{
    private const int Awake = 0;
    private const int Sleeping = 1;
    private const int Signalled = 2;

    // A sender that runs needs some ten nanoseconds between claiming and publishing.
    private const int LooksBeforeBriefSleep = 32;

    private const int ShortestPauseMilliseconds = 1;
    private const int LongestPauseMilliseconds = 1000;

    private readonly MpscQueue<Message<TTarget>> _queue = new();
    private readonly Waker _waker = new();
    private readonly Action<int>? _wakeFailed;
    private readonly int _capacity;
    private MailboxSignals _signals;

    // How often the kernel has refused to wake the receiver since it was last known to be awake or woken. Above zero, somebody tries again.
    private int _refusals;
    private volatile int _lastRefusal;
    private volatile bool _isDisposed;

    /// <param name="capacity">How many messages may wait that were posted with a bound; 0 for any number.</param>
    /// <param name="wakeFailed">Told of an errno when the kernel refuses to wake the receiver: once until that has succeeded again, on the sender's thread.</param>
    public Mailbox(int capacity = 0, Action<int>? wakeFailed = null)
    {
        _capacity = capacity;
        _wakeFailed = wakeFailed;
    }

    /// <summary>What the receiver's poller watches, with <see cref="Waker.Interest"/>.</summary>
    public FileDescriptor WakerFd => _waker.Fd;

    /// <summary>With which errno the kernel refused to wake the receiver the last time; 0 if it never did.</summary>
    public int LastRefusal => _lastRefusal;

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
        if (_capacity == 0)
        {
            return Enqueue(in message);
        }

        return TryEnterRoom() ? EnqueueCounted(in message) : PostResult.Full;
    }

    /// <summary>Posts regardless of the bound. For messages whose senders wait, each for one, and for continuations, which must not be lost.</summary>
    public PostResult PostUnbounded(in Message<TTarget> message)
    {
        if (_capacity == 0)
        {
            return Enqueue(in message);
        }

        Interlocked.Increment(ref _signals.Waiting);
        return EnqueueCounted(in message);
    }

    /// <summary>Ends the receiver's current wait or lets its next blocking one return at once. False where the kernel refused to wake it: then it is tried again.</summary>
    public bool Kick()
    {
        Interlocked.Exchange(ref _signals.Kicked, 1);
        return WakeIfAsleep();
    }

    /// <summary>
    /// Ends the receiver's current wait. What the caller wrote before is seen by the receiver, now or before it sleeps again. False where the kernel refused
    /// to wake it: then it is tried again.
    /// </summary>
    public bool Wake()
    {
        Interlocked.MemoryBarrier();
        return WakeIfAsleep();
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

    /// <summary>Before a blocking wait: says that the receiver sleeps from now on, unless it must not.</summary>
    public SleepPermit BeginSleep()
    {
        Interlocked.Exchange(ref _signals.State, Sleeping);
        if (!IsKicked)
        {
            if (_queue.IsEmpty)
            {
                return SleepPermit.Unlimited;
            }

            if (!IsPublishedSoon())
            {
                return SleepPermit.Brief;
            }
        }

        Volatile.Write(ref _signals.State, Awake);
        return SleepPermit.None;
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

    /// <summary>
    /// The receiver's last act: takes no more messages and abandons those that wait. Returns how many of them nobody could be told of, which is final. It
    /// waits for senders that have begun to send, and runs what abandoning runs.
    /// </summary>
    public int Close()
    {
        _queue.Seal();

        // It does not sleep any more, so nobody need wake it.
        Interlocked.Exchange(ref _signals.State, Awake);
        int lost = 0;
        using var senders = default(UninterruptedSpin);
        while (true)
        {
            if (TryTake(out Message<TTarget> message))
            {
                lost += IsToldOrHandedOver(in message) ? 0 : 1;
            }
            else if (_queue.IsEmpty)
            {
                return lost;
            }
            else
            {
                // Sleeps after some rounds: a sender may need this very processor.
                senders.Once();
            }
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _waker.Dispose();
    }

    // What one message's end runs must not cost the others theirs.
    private static bool IsToldOrHandedOver(in Message<TTarget> message)
    {
        try
        {
            return message.Abandon();
        }
        catch (Exception)
        {
            return false;
        }
    }

    private PostResult Enqueue(in Message<TTarget> message)
    {
        if (!_queue.TryEnqueue(in message))
        {
            return PostResult.Closed;
        }

        return WakeIfAsleep() ? PostResult.Accepted : PostResult.NotWoken;
    }

    private PostResult EnqueueCounted(in Message<TTarget> message)
    {
        PostResult result = Enqueue(in message);
        if (result == PostResult.Closed)
        {
            Interlocked.Decrement(ref _signals.Waiting);
        }

        return result;
    }

    // Not above the bound for a moment only: another sender could take that for no room.
    private bool TryEnterRoom()
    {
        int waiting = Volatile.Read(ref _signals.Waiting);
        while (waiting < _capacity)
        {
            int found = Interlocked.CompareExchange(ref _signals.Waiting, waiting + 1, waiting);
            if (found == waiting)
            {
                return true;
            }

            waiting = found;
        }

        return false;
    }

    private bool IsPublishedSoon()
    {
        for (int looks = 0; looks < LooksBeforeBriefSleep; looks++)
        {
            if (HasMail)
            {
                return true;
            }

            Thread.SpinWait(1);
        }

        return false;
    }

    private bool WakeIfAsleep() => Volatile.Read(ref _signals.State) != Sleeping || TryWakeSleeper();

    private bool TryWakeSleeper()
    {
        if (Interlocked.CompareExchange(ref _signals.State, Signalled, Sleeping) != Sleeping)
        {
            return true;
        }

        int errno = _waker.Signal();
        if (errno == Errno.Success)
        {
            return true;
        }

        // Where the receiver has woken up and fallen asleep again meanwhile, this makes for one signal too many, which does no harm.
        Interlocked.CompareExchange(ref _signals.State, Sleeping, Signalled);
        OnRefused(errno);
        return false;
    }

    private void OnRefused(int errno)
    {
        _lastRefusal = errno;
        if (Interlocked.Increment(ref _refusals) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static mailbox => _ = mailbox.WakeLaterAsync(), this, preferLocal: false);
            _wakeFailed?.Invoke(errno);
        }
    }

    // One at a time. What is refused while this tries counts, too, so that it goes on.
    private async Task WakeLaterAsync()
    {
        int pause = ShortestPauseMilliseconds;
        int seen;
        do
        {
            await Task.Delay(pause).ConfigureAwait(false);
            pause = Math.Min(2 * pause, LongestPauseMilliseconds);
            seen = Volatile.Read(ref _refusals);
        }
        while (!_isDisposed && (!WakeIfAsleep() || Interlocked.CompareExchange(ref _refusals, 0, seen) != seen));
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
