using System.Runtime.InteropServices;

namespace Vigil.Recording;

/// <summary>
/// A part of a recording that can be read by itself: names are given anew in each. The loop's thread writes its bytes and then publishes
/// how many there are; another thread may read these meanwhile.
/// </summary>
internal sealed unsafe class Chunk
{
    /// <summary>Its size in bytes. A record is never longer, and never lies in two chunks.</summary>
    public const int Size = 64 * 1024;

    private int _length;
    private volatile bool _isAwaited;

    public Chunk() => Start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(Bytes, 0);

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    /// <summary>The address of its bytes, which are pinned.</summary>
    public byte* Start { get; }

    /// <summary>How many bytes of whole records it has. They are written before this is.</summary>
    public int Length
    {
        get => Volatile.Read(ref _length);
        set => Volatile.Write(ref _length, value);
    }

    /// <summary>Which chunk of the recording it is, from 0. Set before anything is published.</summary>
    public long Number { get; set; }

    /// <summary>How many of its bytes are in the file. For the thread that writes the file.</summary>
    public int Written { get; set; }

    /// <summary>Whether somebody sleeps until there is more in it.</summary>
    public bool IsAwaited
    {
        get => _isAwaited;
        set => _isAwaited = value;
    }

    /// <summary>Makes it an empty one again.</summary>
    public void Empty()
    {
        Length = 0;
        Written = 0;
        IsAwaited = false;
    }
}
