namespace Vigil;

/// <summary>
/// One manager's signals on their way to its loop. A standard signal that arrives again before the loop handles it is merged, as in
/// the kernel, so a flood of them takes no memory. Real-time signals are queued one by one, up to a bound: a loop that is stuck
/// must not use up all memory while other loops take signals from the kernel for it.
/// </summary>
internal sealed class SignalInbox
{
    /// <summary>
    /// The limit of real-time signals that wait for a loop, and of those that wait for a callback that has not ended. A hundred bytes each.
    /// </summary>
    public const int Capacity = 16_384;

    private readonly Action<SignalInfo> _post;

    // Bit n − 1: standard signal n was posted, and is not yet delivered.
    private ulong _posted;

    // The number of real-time signals that were posted and are not yet delivered, and of those that were dropped.
    private int _waiting;
    private long _lost;

    /// <param name="post">Sends a signal to the loop. Any thread calls it.</param>
    public SignalInbox(Action<SignalInfo> post) => _post = post;

    /// <summary>A signal arrived. Any thread, one at a time.</summary>
    public void Post(in SignalInfo info)
    {
        if (info.Signal.IsRealTime)
        {
            PostRealTime(in info);
            return;
        }

        ulong bit = SignalStatus.BitOf(info.Signal);
        if ((Interlocked.Or(ref _posted, bit) & bit) == 0)
        {
            _post(info);
        }
    }

    /// <summary>The loop is about to deliver a signal: one that arrives from now on is a new one.</summary>
    public void BeginDelivery(Signal signal)
    {
        if (signal.IsRealTime)
        {
            Interlocked.Decrement(ref _waiting);
        }
        else
        {
            Interlocked.And(ref _posted, ~SignalStatus.BitOf(signal));
        }
    }

    /// <summary>
    /// The number of signals dropped since this last returned a number. Zero while many wait, so that a flood is reported now and then
    /// instead of with each signal. For the loop.
    /// </summary>
    public long TakeLost() =>
        Volatile.Read(ref _lost) == 0 || Volatile.Read(ref _waiting) > Capacity / 2 ? 0 : Interlocked.Exchange(ref _lost, 0);

    // Never exceeds the bound, since only one thread posts at a time.
    private void PostRealTime(in SignalInfo info)
    {
        if (Volatile.Read(ref _waiting) >= Capacity)
        {
            Interlocked.Increment(ref _lost);
            return;
        }

        Interlocked.Increment(ref _waiting);
        _post(info);
    }
}
