namespace Vigil;

/// <summary>
/// One manager's signals on their way to its loop. A standard signal that comes again before the loop got to it is one with it, as
/// the kernel holds it; so a flood of them takes no memory. Real-time signals come one by one, up to a bound: a loop that stands still
/// must not take all memory while other loops take signals from the kernel for it.
/// </summary>
internal sealed class SignalInbox
{
    /// <summary>How many real-time signals wait at most for a loop, and as many once more for a callback that has not ended. A hundred bytes each.</summary>
    public const int Capacity = 16_384;

    private readonly Action<SignalInfo> _post;

    // Bit n − 1: standard signal n was posted, and is not yet delivered.
    private ulong _posted;

    // Real-time signals that were posted and are not yet delivered, and those that were not posted.
    private int _waiting;
    private long _lost;

    /// <param name="post">Sends a signal to the loop. Any thread calls it.</param>
    public SignalInbox(Action<SignalInfo> post) => _post = post;

    /// <summary>A signal came. Any thread, one at a time.</summary>
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

    /// <summary>The loop is about to deliver a signal: one that comes from now on is another.</summary>
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

    /// <summary>How many signals were dropped since the last time that this was not zero. Zero while many wait, so that a flood is told of now and then and not with each signal. For the loop.</summary>
    public long TakeLost() => Volatile.Read(ref _lost) == 0 || Volatile.Read(ref _waiting) > Capacity / 2 ? 0 : Interlocked.Exchange(ref _lost, 0);

    // Never above the bound, since one posts at a time.
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
