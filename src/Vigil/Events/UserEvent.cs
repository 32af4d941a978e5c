using Vigil.Messaging;

namespace Vigil;

/// <summary>Handles a user event that was triggered.</summary>
/// <param name="source">The user event.</param>
/// <param name="value">What its triggers since the last callback make together.</param>
public delegate void UserEventCallback(UserEvent source, long value);

/// <summary>
/// A callback that other threads trigger, with a value that is merged until the loop gets to it. Made by
/// <c>EventManager.CreateUserEvent</c>. For counters, flags and latest values: a million triggers are one callback and one number.
/// </summary>
/// <remarks>
/// <para>It is called once an iteration at most, with posted work (phase 6). A trigger during its own callback counts for the next iteration. What is
/// triggered is delivered unless the event is cancelled or the manager disposed first.</para>
/// <para>One word holds all that the threads share: the merged value, and in its sign whether a message is on its way to the loop. Whoever sets the sign sends
/// the message, and the loop takes value and sign away in one exchange. So no trigger is lost, none is delivered twice, and nobody waits.</para>
/// </remarks>
public sealed class UserEvent : CallbackEvent
{
    private const long OnItsWay = long.MinValue;

    private readonly UserEventCallback _callback;
    private readonly LastingCallback<UserEvent, long>? _lasting;
    private long _state;
    private bool _isHeld;
    private volatile bool _isCancelled;

    internal UserEvent(LoopCore core, LoopWorkers workers, UserEventMerge merge, EventCallback<UserEvent, long> callback, UserEventOptions options)
        : base(core, options)
    {
        var synchronous = callback.Delegate as UserEventCallback;
        _lasting = callback.ToLasting(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke);
        _callback = _lasting is not null
            ? _lasting.Send
            : AmbientContext.Flowing is { } context ? new FlowingCallback<UserEvent, long>(context, synchronous!.Invoke).Invoke : synchronous!;
        Merge = merge;
    }

    /// <summary>What becomes of several values. Any thread.</summary>
    public UserEventMerge Merge { get; }

    /// <summary>Whether it is over: cancelled, or the manager disposed. Any thread.</summary>
    public override bool IsCancelled => _isCancelled || Core.IsDisposed;

    internal override FaultOrigin FaultOrigin => FaultOrigin.UserEvent;

    internal override Delegate Callback => _lasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => _lasting;

    /// <summary>
    /// Lets the callback run in the loop's next turn, with this value and those of other triggers until then. Allocates nothing, waits for nothing,
    /// and makes a system call only where it is the first since the last callback and the loop sleeps. Any thread.
    /// </summary>
    /// <param name="value">The value, zero or more. Zero triggers like any other.</param>
    /// <returns>False where the event is over; then nothing happened.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is negative.</exception>
    /// <exception cref="EventManagerException">The loop sleeps and the kernel refused to wake it, as of <see cref="RemoteEndpoint"/>. The value is kept for when it wakes up.</exception>
    public bool Trigger(long value = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        if (IsCancelled)
        {
            return false;
        }

        long seen = Volatile.Read(ref _state);
        while (true)
        {
            long found = Interlocked.CompareExchange(ref _state, MergedWith(seen & ~OnItsWay, value) | OnItsWay, seen);
            if (found == seen)
            {
                return seen < 0 || Send();
            }

            seen = found;
        }
    }

    private protected override void CancelOnLoop()
    {
        if (IsCancelled)
        {
            return;
        }

        using ThreadClaim.Scope claim = Core.ClaimToEnd(out bool isOver);
        if (isOver)
        {
            return;
        }

        _isCancelled = true;
    }

    /// <summary>For messages: the method that is called.</summary>
    public override string ToString() => $"a user event {Title}";

    internal override int OnCallbackEnded()
    {
        if (!_isHeld)
        {
            return 0;
        }

        _isHeld = false;
        return Deliver();
    }

    private long MergedWith(long pending, long value) => Merge switch
    {
        UserEventMerge.Add => pending > long.MaxValue - value ? long.MaxValue : pending + value,
        UserEventMerge.Or => pending | value,
        _ => value,
    };

    private bool Send()
    {
        switch (Core.Mailbox.PostUnbounded(new Message<EventManager>(Kind.Instance, this)))
        {
            case PostResult.Closed:
                // The manager is gone: triggers that find the message on its way must not believe that it comes.
                _isCancelled = true;
                return false;
            case PostResult.NotWoken:
                // The message is on its way. The mailbox tries again to wake the loop.
                throw Core.NotWoken();
            default:
                return true;
        }
    }

    private int Deliver()
    {
        if (_lasting is { IsBusy: true })
        {
            // The message counts as on its way until the callback has ended, and triggers go on merging.
            _isHeld = true;
            return 0;
        }

        long value = Interlocked.Exchange(ref _state, 0) & ~OnItsWay;
        if (_isCancelled)
        {
            return 0;
        }

        if (_lasting is not null)
        {
            _lasting.Send(this, value);
            return 1;
        }

        Core.Call(this, static (self, value) => self._callback(self, value), value);
        return 1;
    }

    private sealed class Kind : MessageKind<EventManager>
    {
        public static readonly Kind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message) => ((UserEvent)message.Action).Deliver();

        // Triggers ask for no answer, and the manager's end answers them all.
        public override bool Abandon(in Message<EventManager> message) => true;
    }
}
