namespace Vigil;

/// <summary>
/// Signals that were caught and are to be pending again, counted by number: no memory for each. No more of them than could be pending: a
/// standard signal once, as in the kernel, and <see cref="SignalInbox.Capacity"/> of each real-time signal. Guarded by its owner.
/// </summary>
internal sealed class KeptSignals
{
    private readonly int[] _counts = new int[65];

    public void Add(Signal signal)
    {
        ref int count = ref _counts[signal.Number];
        count = Math.Min(count + 1, signal.IsRealTime ? SignalInbox.Capacity : 1);
    }

    /// <summary>Takes all of one signal; returns how many there were.</summary>
    public int Take(Signal signal)
    {
        int count = _counts[signal.Number];
        _counts[signal.Number] = 0;
        return count;
    }
}
