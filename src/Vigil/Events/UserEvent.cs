using System.Diagnostics;
using System.Runtime.CompilerServices;
using Vigil.Diagnostics;
using Vigil.Messaging;

namespace Vigil;

/// <summary>Handles a triggered user event.</summary>
/// <param name="source">The user event.</param>
/// <param name="value">The merged values of the triggers since the last callback.</param>
public delegate void UserEventCallback(UserEvent source, long value);

/// <summary>
/// A callback that other threads trigger, with a value that is merged until the loop delivers it. Made by
/// <c>EventManager.CreateUserEvent</c>. For counters, flags and latest values: a million triggers are one callback and one number.
/// </summary>
/// <remarks>
/// <para>It is called at most once per iteration, with posted work (phase 6). A trigger during its own callback counts for the next
/// iteration. Triggers are delivered unless the event is cancelled or the manager disposed first.</para>
/// <para>One word holds all shared state: the merged value, and in the sign bit whether a message is on its way to the loop. The thread
/// that sets the sign posts the message, and the loop takes value and sign in one exchange. So no trigger is lost, none is delivered twice,
/// and no thread waits.</para>
/// </remarks>
public sealed class UserEvent : CallbackEvent, IMailboxItem
{
    private const long OnItsWay = long.MinValue;

    private readonly UserEventCallback _callback;
    private readonly LastingCallback<UserEvent, long>? _lasting;
    private long _state;

    // Who triggered it within traces; null until somebody listens to these.
    private TriggerOrigins? _origins;
    private bool _isHeld;
    private volatile bool _isCancelled;

    private UserEvent(
        LoopCore core, LoopWorkers workers, UserEventMerge merge, EventCallback<UserEvent, long> callback, UserEventOptions options)
        : base(core, options)
    {
        var synchronous = callback.Delegate as UserEventCallback;
        ICallbackRelay<UserEvent, long>? relay =
            callback.ToRelay(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke);
        _callback = relay is null ? synchronous! : relay.Invoke;
        _lasting = relay as LastingCallback<UserEvent, long>;
        Merge = merge;
    }

    internal static UserEvent Create(
        LoopCore core, LoopWorkers workers, UserEventMerge merge, EventCallback<UserEvent, long> callback, UserEventOptions options)
    {
        if (!Enum.IsDefined(merge))
        {
            throw new ArgumentOutOfRangeException(nameof(merge), merge, "Values are merged by Add, Or or Replace.");
        }

        using ThreadClaim.Scope claim = core.Claim();
        options.Require(workers);
        return new UserEvent(core, workers, merge, callback, options);
    }

    /// <summary>How several values are merged. Any thread.</summary>
    public UserEventMerge Merge { get; }

    /// <summary>Whether it is over: cancelled, or the manager disposed. Any thread.</summary>
    public override bool IsCancelled => _isCancelled || Core.IsDisposed;

    internal override FaultOrigin FaultOrigin => FaultOrigin.UserEvent;

    internal override Delegate Callback => _lasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => _lasting;

    /// <summary>
    /// Requests the callback in the loop's next turn, with this value merged with those of other triggers until then. Does not allocate or
    /// wait. It makes a system call only if it is the first trigger since the last callback and the loop sleeps. Within a trace to which
    /// somebody listens, it notes the activity, which allocates. Any thread.
    /// </summary>
    /// <param name="value">The value, zero or more. Zero triggers like any other.</param>
    /// <returns>False if the event is over. The call then has no effect.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is negative.</exception>
    /// <exception cref="EventManagerException">The loop sleeps and the kernel refused to wake it; see <see cref="RemoteEndpoint"/>. The
    /// value is kept until it wakes up.</exception>
    public bool Trigger(long value = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        if (IsCancelled)
        {
            return false;
        }

        return (CallbackActivity.IsWantedHere ? MergeInTrace(value) : MergeIn(value)) < 0 || Send();
    }

    private protected override void EndOnLoop()
    {
        _isCancelled = true;
    }

    /// <summary>For messages: the name, and the method called.</summary>
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

    internal override IReadOnlyList<ActivityContext>? TakeSenders() => Volatile.Read(ref _origins)?.Hand();

    // Returns what was there before. The sign says whether a message is on its way.
    private long MergeIn(long value)
    {
        long seen = Volatile.Read(ref _state);
        while (true)
        {
            long found = Interlocked.CompareExchange(ref _state, MergedWith(seen & ~OnItsWay, value) | OnItsWay, seen);
            if (found == seen)
            {
                return seen;
            }

            seen = found;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long MergeInTrace(long value)
    {
        TriggerOrigins? origins = Volatile.Read(ref _origins);
        if (origins is null)
        {
            TriggerOrigins created = new();
            origins = Interlocked.CompareExchange(ref _origins, created, null) ?? created;
        }

        using (origins.Record(Activity.Current!.Context))
        {
            return MergeIn(value);
        }
    }

    private long TakeValue()
    {
        if (Volatile.Read(ref _origins) is { } origins)
        {
            return TakeValue(origins);
        }

        long value = Interlocked.Exchange(ref _state, 0) & ~OnItsWay;
        return value;
    }

    private long TakeValue(TriggerOrigins origins)
    {
        using (origins.Take())
        {
            return Interlocked.Exchange(ref _state, 0) & ~OnItsWay;
        }
    }

    private long MergedWith(long pending, long value) => Merge switch
    {
        UserEventMerge.Add => pending > long.MaxValue - value ? long.MaxValue : pending + value,
        UserEventMerge.Or => pending | value,
        _ => value,
    };

    private bool Send()
    {
        switch (Core.Mailbox.PostUnbounded(this))
        {
            case PostResult.Closed:
                // The manager is gone. Later triggers see the sign bit and must not count on the message.
                _isCancelled = true;
                return false;
            case PostResult.NotWoken:
                // The message is queued. The mailbox retries the wake-up.
                throw Core.NotWoken();
            default:
                return true;
        }
    }

    int IMailboxItem.Deliver() => Deliver();

    // Triggers expect no answer, so none is left unanswered when the manager ends.
    bool IMailboxItem.Abandon() => true;

    private int Deliver()
    {
        if (_lasting is { IsBusy: true })
        {
            // The sign bit stays set until the callback has ended, so triggers continue to merge.
            _isHeld = true;
            return 0;
        }

        long value = TakeValue();
        if (_isCancelled)
        {
            return 0;
        }

        if (_lasting is not null)
        {
            _lasting.Send(this, value);
            return 1;
        }

        Core.Call(this, static (self, value) => self.Call(value), value);
        return 1;
    }

    // A callback with its creator's context begins its activity itself, in that context.
    private void Call(long value)
    {
        if (Volatile.Read(ref _origins) is null || _callback.Target is FlowingCallback)
        {
            _callback(this, value);
        }
        else
        {
            TracedCallback.Invoke<UserEvent, long>(this, value, _callback.Invoke);
        }
    }
}
