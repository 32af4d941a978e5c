using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MetricsGateway.Flushing;

/// <summary>
/// The memory of a report, in one piece. It doubles while that stays within the report's limit, and grows by small steps beyond:
/// doubling there would waste as much memory again for the last line alone.
/// </summary>
/// <remarks>
/// It is not on the collector's heap: there, each doubling of a large array causes a collection that marks all objects, including all
/// names, while every thread stands still. For native memory the kernel moves large pieces instead of copying them. Memory that was
/// handed out keeps the buffer alive, and always refers to the present piece, not to a former one.
/// </remarks>
/// <param name="limit">The limit of a report in bytes, except for the line that exceeds it and the last one.</param>
internal sealed unsafe class ReportBuffer(int limit) : MemoryManager<byte>, IBufferWriter<byte>
{
    private const int Least = 4 << 10;
    private const int Step = 1 << 20;

    private readonly NativePiece _piece = new();

    public int Count { get; private set; }

    public int Capacity { get; private set; }

    /// <summary>Valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => CreateMemory(Count);

    /// <summary>Removes the content, and keeps the memory.</summary>
    public void Clear() => Count = 0;

    public void Advance(int count) => Count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return CreateMemory(Count, Capacity - Count);
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint)
    {
        EnsureRoom(sizeHint);
        return GetSpan()[Count..];
    }

    public override Span<byte> GetSpan() => new(_piece.Bytes, Capacity);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_piece.Bytes + elementIndex, default, this);

    public override void Unpin()
    {
    }

    /// <summary>Gives the memory back; nothing that was handed out is valid any more.</summary>
    protected override void Dispose(bool disposing)
    {
        _piece.Dispose();
        Capacity = 0;
        Count = 0;
    }

    private void EnsureRoom(int sizeHint)
    {
        int needed = checked(Count + Math.Max(sizeHint, 1));
        if (needed > Capacity)
        {
            int larger = Capacity < limit ? (int)Math.Min(Math.Max(2L * Capacity, Least), (long)limit + Step) : Capacity + Step;
            int capacity = Math.Max(needed, larger);
            _piece.Resize(capacity);
            Capacity = capacity;
        }
    }

    /// <summary>Memory of the C library, freed at the latest when nothing refers to it any more.</summary>
    private sealed class NativePiece() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        public byte* Bytes => (byte*)handle;

        public void Resize(int capacity)
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            SetHandle((nint)NativeMemory.Realloc((void*)handle, (nuint)capacity));
        }

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            return true;
        }
    }
}
