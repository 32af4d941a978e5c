using System.Runtime.InteropServices;

namespace Vigil.Collections;

/// <summary>A ring's two ends, apart from each other and from their neighbours by a cache line. Outside of the queue: a generic type cannot have an explicit layout.</summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * 64)]
internal struct RingPositions
{
    /// <summary>Where the next producer claims.</summary>
    [FieldOffset(64)]
    public long Tail;

    /// <summary>Where the consumer takes.</summary>
    [FieldOffset(128)]
    public long Head;
}
