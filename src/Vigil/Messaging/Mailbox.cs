using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Vigil.Collections;
using Vigil.Interop;
using Vigil.Polling;
using Vigil.Threading;

namespace Vigil.Messaging;

/// <summary>The result of posting a message.</summary>
internal enum PostResult
{
    /// <summary>Queued: it will run, or be abandoned if the mailbox is closed first.</summary>
    Accepted,

    /// <summary>
    /// As <see cref="Accepted"/>, but the kernel refused to wake the receiver. Every later sender tries again, and so does a timer.
    /// </summary>
    NotWoken,

    /// <summary>The mailbox is full; nothing was posted.</summary>
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
    /// Briefly. A sender has begun to send but is not running, because another thread has its processor. That may be the receiver itself,
    /// so it must not keep polling. The sender wakes the receiver when it has finished, unless it had already looked for a sleeper and only
    /// its message was not visible yet. Then the limit ends the sleep.
    /// </summary>
    Brief,

    /// <summary>Until woken.</summary>
    Unlimited,
}

/// <summary>
/// A queue of messages from any thread to one target, which takes them on its own thread, with a way to wake that thread.
/// </summary>
/// <remarks>
/// <para>Wake-ups are coalesced: the waker is used once between two sleeps, and never while the receiver is awake. The protocol is
/// Dekker's. The receiver publishes that it sleeps, then checks for mail; a sender adds mail, then checks whether the receiver
/// sleeps. Full fences separate both steps, so at least one side sees the other. A sender that finds the receiver asleep changes the
/// state to signalled; the one thread whose change succeeds uses the waker.</para>
/// <para>If the kernel refuses to signal the waker, that sender reverts its change and returns the failure, and the next sender tries.
/// Others may have seen the state signalled meanwhile and rely on the wake-up. So the wake-up is also tried again after a pause, until it
/// succeeds or is not needed any more.</para>
/// <para>A kick is a wake-up without a message. It is remembered while the receiver is awake and lets its next blocking wait return at
/// once.</para>
/// <para>Every message has one owner at any time and one end. The sender owns it until the queue accepts it; then the receiver does, and
/// either takes and runs it or abandons it in <see cref="Close"/>, its last act. An abandoned message notifies whoever waits for it, or is
/// handed over to another thread that runs it, or is counted as lost. Closing seals the queue first. What was accepted before the seal is
/// in the queue; closing takes all of it, and waits for senders that are still copying. What comes after the seal is refused and stays the
/// sender's. So only the receiver decides about an accepted message, and only the sender about any other.</para>
/// </remarks>
internal sealed class Mailbox<TTarget> : IDisposable
{
    private const int Awake = 0;
    private const int Sleeping = 1;
    private const int Signalled = 2;

    // A running sender needs some ten nanoseconds between claiming and publishing.
    private const int LooksBeforeBriefSleep = 32;

    private const int ShortestPauseMilliseconds = 1;
    private const int LongestPauseMilliseconds = 1000;

    private readonly MpscQueue<Message<TTarget>> _queue = new();
    private readonly Waker _waker = new();
    private readonly Action<int>? _wakeFailed;
    private readonly int _capacity;
    private MailboxSignals _signals;

    // How often the kernel refused to wake the receiver since it was last known to be awake or woken. Above zero, a retry is under way.
    private int _refusals;
    private volatile int _lastRefusal;
    private volatile bool _isDisposed;

    /// <param name="capacity">The limit of queued messages that were posted with a bound; 0 for none.</param>
    /// <param name="wakeFailed">Called with an errno on the sender's thread when the kernel refuses to wake the receiver: once until a
    /// wake-up succeeds.</param>
    public Mailbox(int capacity = 0, Action<int>? wakeFailed = null)
    {
        _capacity = capacity;
        _wakeFailed = wakeFailed;
    }

    /// <summary>The descriptor that the receiver's poller monitors, with <see cref="Waker.Interest"/>.</summary>
    public FileDescriptor WakerFd => _waker.Fd;

    /// <summary>The errno of the kernel's last refusal to wake the receiver; 0 if there was none.</summary>
    public int LastRefusal => _lastRefusal;

    /// <summary>
    /// Whether a message can be taken. It may miss one that is being sent; <see cref="BeginSleep"/> does not. For the receiver only.
    /// </summary>
    public bool HasMail => _queue.IsReady;

    /// <summary>
    /// How many messages a receiver should take at a time: a part of those queued now. Draining the queue would chase the senders, at one
    /// cache miss per message on both sides; what they send meanwhile makes up the next batch.
    /// </summary>
    public int BatchSize => _queue.CountInHead;

    /// <summary>Whether a kick is pending.</summary>
    public bool IsKicked => Volatile.Read(ref _signals.Kicked) != 0;

    /// <summary>Posts within the bound. For work whose sender can handle back-pressure.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PostResult Post(Message<TTarget> message) => _capacity == 0 ? Enqueue(in message) : PostWithinBound(message);

    /// <inheritdoc cref="Post(Message{TTarget})"/>
    public PostResult Post(IMailboxItem item) => Post(ItemKind<TTarget>.Create(item));

    /// <summary>
    /// Posts regardless of the bound. For senders that wait, each for one message, and for continuations, which must not be lost.
    /// </summary>
    public PostResult PostUnbounded(in Message<TTarget> message)
    {
        if (_capacity == 0)
        {
            return Enqueue(in message);
        }

        Interlocked.Increment(ref _signals.Waiting);
        return EnqueueCounted(in message);
    }

    /// <inheritdoc cref="PostUnbounded(in Message{TTarget})"/>
    public PostResult PostUnbounded(IMailboxItem item) => PostUnbounded(ItemKind<TTarget>.Create(item));

    /// <inheritdoc cref="PostUnbounded(in Message{TTarget})"/>
    public PostResult PostUnbounded<TState>(IMailboxItem<TState> item, TState state) =>
        PostUnbounded(ItemKind<TTarget, TState>.Create(item, state));

    /// <summary>
    /// Ends the receiver's current wait, or lets its next blocking one return at once. False if the kernel refused; then it is tried again.
    /// </summary>
    public bool Kick()
    {
        Interlocked.Exchange(ref _signals.Kicked, 1);
        return WakeIfAsleep();
    }

    /// <summary>
    /// Ends the receiver's current wait. The receiver sees what the caller wrote before, now or before it sleeps again. False if the kernel
    /// refused; then it is tried again.
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

    /// <summary>Before a blocking wait: publishes that the receiver sleeps, unless it must not.</summary>
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

    /// <summary>
    /// After a wait that could block, whether it did or not: senders need not wake the receiver any more, and a kick is no longer pending.
    /// </summary>
    public void EndSleep()
    {
        Volatile.Write(ref _signals.State, Awake);
        if (IsKicked)
        {
            Interlocked.Exchange(ref _signals.Kicked, 0);
        }
    }

    /// <summary>
    /// The receiver's last act: accepts no more messages and abandons those queued. Returns the final number of those lost without notice.
    /// It waits for senders that have begun to send, and runs what abandoning runs.
    /// </summary>
    public int Close()
    {
        _queue.Seal();

        // It does not sleep any more, so no wake-up is needed.
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

    // An exception at one message's end must not keep the others from theirs.
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    private PostResult PostWithinBound(Message<TTarget> message) => TryEnterRoom() ? EnqueueCounted(in message) : PostResult.Full;

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

    // Never exceeds the bound, even briefly: another sender could take that for a full mailbox.
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

        // If the receiver has woken up and fallen asleep again meanwhile, this allows one signal too many, which is harmless.
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

    // One retry at a time. A refusal during an attempt counts, too, so that the retries go on.
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
/// The state that senders and the receiver of a mailbox share. Each part is on its own cache lines: the receiver writes its state in every
/// iteration, and senders read the neighbouring fields with every message. Not nested: a generic type cannot have an explicit layout.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * 64)]
internal struct MailboxSignals
{
    /// <summary>The receiver's state.</summary>
    [FieldOffset(64)]
    public int State;

    /// <summary>1 if a kick is pending.</summary>
    [FieldOffset(68)]
    public int Kicked;

    /// <summary>The number of queued messages; counted only if there is a bound.</summary>
    [FieldOffset(128)]
    public int Waiting;
}
