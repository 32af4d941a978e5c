using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>
/// What was added to a queue and what was taken, since ever, and how its owner is getting on. Apart by a cache line, and from what lies around: senders write the one half with each work,
/// those who take the other.
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
