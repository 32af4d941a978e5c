using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>
/// The totals of work added to and taken from a queue, and the state of its owner. Senders write the added half with each item, takers the
/// other, so the halves are a cache line apart, and apart from what surrounds them.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 4 * 64)]
internal struct WorkCounts
{
    [FieldOffset(64)]
    public long SharedAdded;

    [FieldOffset(72)]
    public long PinnedAdded;

    [FieldOffset(136)]
    public long SharedTaken;

    [FieldOffset(144)]
    public long PinnedTaken;

    /// <summary>The mean of the owner's run times, in nanoseconds.</summary>
    [FieldOffset(152)]
    public long AverageRun;

    [FieldOffset(160)]
    public int IsRunning;
}
