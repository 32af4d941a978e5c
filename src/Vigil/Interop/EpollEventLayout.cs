using System.Runtime.CompilerServices;

namespace Vigil.Interop;

/// <summary>
/// The layout of <c>struct epoll_event</c>: a 32-bit mask, then 64 bits of user data. On x64 the kernel packs it
/// to 12 bytes so that 32-bit programs use the same layout (<c>EPOLL_PACKED</c>, <c>linux/eventpoll.h</c>); everywhere else the
/// 64 bits are aligned and it takes 16.
/// </summary>
internal readonly unsafe struct EpollEventLayout
{
    /// <summary>The size of the larger layout, in bytes.</summary>
    public const int MaxSize = 16;

    // static readonly: the JIT folds size and offset into the dispatch loop as constants.
    public static readonly EpollEventLayout Current = Of(ProcessorAbi.Current);

    private EpollEventLayout(int size, int dataOffset)
    {
        Size = size;
        DataOffset = dataOffset;
    }

    /// <summary>The distance between two entries of an array, in bytes.</summary>
    public int Size { get; }

    public int DataOffset { get; }

    public static EpollEventLayout Of(ProcessorAbi processor) => new(processor.EpollEventSize, processor.EpollDataOffset);

    public void Write(byte* entry, uint events, ulong data)
    {
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + DataOffset, data);
    }

    public static uint ReadEvents(byte* entry) => Unsafe.ReadUnaligned<uint>(entry);

    public ulong ReadData(byte* entry) => Unsafe.ReadUnaligned<ulong>(entry + DataOffset);
}
