namespace Vigil.Signals;

/// <summary>
/// One manager's signals on their way to its loop. A standard signal that comes again before the loop got to it is one with it, as
/// the kernel holds it; so a flood of them takes no memory. Real-time signals come one by one.
/// </summary>
internal sealed class SignalInbox
{
    private readonly Action<SignalInfo> _post;

    // Bit n − 1: standard signal n was posted, and is not yet delivered.
    private ulong _posted;

    /// <param name="post">Sends a signal to the loop. Any thread calls it.</param>
    public SignalInbox(Action<SignalInfo> post) => _post = post;

    /// <summary>A signal came. Any thread.</summary>
    public void Post(in SignalInfo info)
    {
        ulong bit = SignalStatus.BitOf(info.Signal);
        if (info.Signal.IsRealTime || (Interlocked.Or(ref _posted, bit) & bit) == 0)
        {
            _post(info);
        }
    }

    /// <summary>The loop is about to deliver a signal: one that comes from now on is another.</summary>
    public void BeginDelivery(Signal signal) => Interlocked.And(ref _posted, ~SignalStatus.BitOf(signal));
}
