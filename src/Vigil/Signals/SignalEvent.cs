namespace Vigil;

/// <summary>Handles a signal.</summary>
/// <param name="source">The signal event, through which the callback can cancel it.</param>
/// <param name="info">The signal and, with <see cref="SignalRoute.SignalFd"/>, its sender and value.</param>
public delegate void SignalEventCallback(SignalEvent source, SignalInfo info);

/// <summary>
/// A callback for a signal. Made by <c>EventManager.CreateSignalEvent</c>. A signal may have any number of them, on any number
/// of managers of the process; each manager calls its own in the order of their creation.
/// </summary>
/// <remarks>
/// While a signal has an event its default action is off; when the last one in the process is cancelled it is as
/// before. A standard signal that is sent again before the loop handles it counts once, as in the kernel. Real-time signals count
/// one by one. Up to 16,384 wait for the loop, and as many for an asynchronous callback or one on a worker; further ones are dropped, which
/// is reported (<see cref="EventManagerError.SignalsLost"/>). Signals are delivered with posted work, in phase 6 of the iteration.
/// </remarks>
public sealed class SignalEvent : CallbackEvent
{
    private readonly LoopSignals _signals;
    private readonly SignalEventCallback _callback;
    private readonly LastingCallback<SignalEvent, SignalInfo>? _lasting;

    // Signals that arrived while a lasting callback was busy, and how many were dropped. At most one of a standard signal, as in the
    // kernel.
    private readonly Queue<SignalInfo>? _held;
    private long _lost;
    private volatile bool _isCancelled;

    internal SignalEvent(
        LoopCore core,
        LoopSignals signals,
        LoopWorkers workers,
        Signal signal,
        EventCallback<SignalEvent, SignalInfo> callback,
        SignalEventOptions options)
        : base(core, options)
    {
        _signals = signals;
        var synchronous = callback.Delegate as SignalEventCallback;
        ICallbackRelay<SignalEvent, SignalInfo>? relay =
            callback.ToRelay(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke);
        _callback = relay is null ? synchronous! : relay.Invoke;
        _lasting = relay as LastingCallback<SignalEvent, SignalInfo>;
        _held = _lasting is null ? null : new Queue<SignalInfo>();
        Signal = signal;
        IsOneShot = options.OneShot;
    }

    /// <summary>The signal.</summary>
    public Signal Signal { get; }

    /// <summary>How the signal is received, which determines what <see cref="SignalInfo"/> contains.</summary>
    public SignalRoute Route { get; internal set; }

    /// <summary>Whether the first signal cancels it, before its callback.</summary>
    public bool IsOneShot { get; }

    /// <inheritdoc/>
    public override bool IsCancelled => _isCancelled;

    internal override FaultOrigin FaultOrigin => FaultOrigin.SignalEvent;

    internal override Delegate Callback => _lasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => _lasting;

    private protected override void EndOnLoop()
    {
        _signals.Remove(this);
    }

    /// <summary>The signal and the callback's method, for messages.</summary>
    public override string ToString() => $"a signal event of {Signal} {Title}";

    internal void OnRemoved() => _isCancelled = true;

    internal void Deliver(in SignalInfo info)
    {
        if (_isCancelled)
        {
            // By an observer of this call.
            return;
        }

        if (_lasting is { IsBusy: true })
        {
            Hold(in info);
            return;
        }

        if (IsOneShot)
        {
            // Cancelled, but not revoked: this callback is still to come.
            CancelOnLoop();
        }

        _callback(this, info);
    }

    // Delivers the signals that arrived meanwhile, one by one. A cancelled event calls back no more.
    internal override int OnCallbackEnded()
    {
        if (_isCancelled || !_held!.TryDequeue(out SignalInfo info))
        {
            return 0;
        }

        if (_lost > 0 && _held.Count <= SignalInbox.Capacity / 2)
        {
            _signals.ReportLost(this, $"{_lost} signals {Signal} for {this} were dropped while its callback was busy");
            _lost = 0;
        }

        _lasting!.Send(this, info);
        return 1;
    }

    private void Hold(in SignalInfo info)
    {
        if (_held!.Count < (Signal.IsRealTime ? SignalInbox.Capacity : 1))
        {
            _held.Enqueue(info);
        }
        else if (Signal.IsRealTime && _lost++ == 0)
        {
            // Reported at once: a callback that never ends would hide it. The number is reported when it continues.
            _signals.ReportLost(
                this,
                $"{SignalInbox.Capacity} signals {Signal} wait for {this}, whose callback has not ended, and further ones are dropped");
        }
    }
}
