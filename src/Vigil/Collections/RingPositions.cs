using System.Runtime.InteropServices;

namespace Vigil.Collections;

/// <summary>
/// A ring's two ends, a cache line apart from each other and from their neighbours. Not nested: a generic type cannot have an explicit
/// layout.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * 64)]
internal struct RingPositions
{
    /// <summary>The position that the next producer claims.</summary>
    [FieldOffset(64)]
    public long Tail;

    /// <summary>The position that the consumer reads.</summary>
    [FieldOffset(128)]
    public long Head;
}
