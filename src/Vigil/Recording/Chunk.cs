namespace Vigil.Recording;

/// <summary>
/// A part of a recording that can be read by itself: names are given anew in each. Written by the loop's thread, then read by another.
/// </summary>
internal sealed class Chunk
{
    /// <summary>Its size in bytes. A record is never longer, and never lies in two chunks.</summary>
    public const int Size = 64 * 1024;

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    public int Length { get; set; }

    /// <summary>Which chunk of the recording it is, from 0.</summary>
    public long Number { get; set; }
}
