using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>
/// What a worker is doing and has done. On cache lines of their own: the worker writes them with each item, and senders read the memory
/// beside them.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * 64)]
internal struct WorkerFigures
{
    /// <summary>What it runs.</summary>
    [FieldOffset(64)]
    public object? Running;

    [FieldOffset(72)]
    public long RunningSince;

    [FieldOffset(80)]
    public long Done;

    [FieldOffset(88)]
    public long Failed;

    [FieldOffset(96)]
    public long Cancelled;

    [FieldOffset(104)]
    public long Stolen;
}
