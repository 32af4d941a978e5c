using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vigil.Timing;

/// <summary>
/// One started timer, or a free slot. The links are indices: no write barrier, and nothing for the garbage collector to follow.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct TimerSlot
{
    /// <summary>The latest time to fire, in nanoseconds.</summary>
    public long Deadline;

    /// <summary>Null in a free slot.</summary>
    public ITimerTarget? Target;

    /// <summary>The neighbours in the bucket's list, or in the list of free slots.</summary>
    public int Next;
    public int Previous;

    public int Bucket;

    /// <summary>How much before the deadline it may fire, in units of <see cref="TimingWheel.LeewayUnit"/>.</summary>
    public uint Leeway;
}

/// <summary>
/// Storage for timers in chunks, so that it grows and shrinks without copying. Free slots ("holes") are reused, the last freed first. When
/// there are three times as many holes as timers, timers move from the end into holes, a few with each cancellation and with each
/// batch that has fired, so that memory is freed without a pause.
/// </summary>
internal sealed class TimerSlots
{
    /// <summary>No slot. Index 0 is never used, so zeroed memory holds empty lists.</summary>
    public const int None = 0;

    private const int ChunkShift = 10;
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;

    private TimerSlot[]?[] _chunks = [new TimerSlot[ChunkSize]];
    private int _chunkCount = 1;
    private int _end = 1;
    private int _firstHole;
    private int _holes;
    private int _holesKept = int.MaxValue;

    public int Count => _end - 1 - _holes;

    /// <summary>One past the greatest index in use.</summary>
    public int End => _end;

    /// <summary>For measurements: the number of slots that are allocated.</summary>
    public int Capacity => _chunkCount * ChunkSize;

    /// <summary>
    /// Whether too much memory is unused. Then <see cref="TryShrink"/> should be called, or <see cref="Clear"/> if no timer is left.
    /// </summary>
    public bool IsSparse => _holes > _holesKept;

    public ref TimerSlot this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(
            ref MemoryMarshal.GetArrayDataReference(_chunks[(uint)index >> ChunkShift]!),
            (nuint)((uint)index & ChunkMask));
    }

    /// <summary>Takes a hole, or a new slot; the caller sets its target. The reference stays valid, since chunks do not move.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TimerSlot Rent(out int index)
    {
        int hole = _firstHole;
        index = hole == None ? Append() : hole;
        ref TimerSlot slot = ref this[index];
        if (hole != None)
        {
            TakeFirstHole(slot.Next);
        }

        return ref slot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Return(int index, ref TimerSlot slot)
    {
        int next = _firstHole;
        slot.Target = null;
        slot.Previous = None;
        slot.Next = next;
        if (next != None)
        {
            this[next].Previous = index;
        }

        _firstHole = index;
        _holes++;
    }

    /// <summary>
    /// Removes the last slot. True if it held a timer, which has moved to another slot: the caller repairs the links to it.
    /// </summary>
    public bool TryShrink(out int to)
    {
        int from = _end - 1;
        ref TimerSlot last = ref this[from];
        bool isHole = last.Target is null;
        to = isHole ? from : _firstHole;
        UnlinkHole(to);
        if (!isHole)
        {
            this[to] = last;
            last = default;
        }

        _end--;

        // One chunk is kept in reserve: a program at the border would otherwise allocate with each timer.
        if (_end <= (_chunkCount - 2) * ChunkSize)
        {
            _chunks[--_chunkCount] = null;
        }

        OnEndMoved();
        return !isHole;
    }

    /// <summary>Frees the memory when no timer is left.</summary>
    public void Clear()
    {
        Array.Clear(_chunks, 1, _chunkCount - 1);
        _chunkCount = 1;
        _end = 1;
        _firstHole = None;
        _holes = 0;
        OnEndMoved();
    }

    // Three times the timers, and two chunks: of n slots, (3n + 2 chunks) / 4. And not all of them, unless there is only one chunk.
    private void OnEndMoved()
    {
        int slots = _end - 1;
        _holesKept = _chunkCount == 1 ? int.MaxValue : (int)Math.Min(((3L * slots) + (2 * ChunkSize)) / 4, slots - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TakeFirstHole(int next)
    {
        _firstHole = next;
        _holes--;
        if (next != None)
        {
            this[next].Previous = None;
        }
    }

    private int Append()
    {
        if (_end == _chunkCount * ChunkSize)
        {
            if (_chunkCount == _chunks.Length)
            {
                Array.Resize(ref _chunks, _chunkCount * 2);
            }

            _chunks[_chunkCount++] = new TimerSlot[ChunkSize];
        }

        int index = _end++;
        OnEndMoved();
        return index;
    }

    private void UnlinkHole(int index)
    {
        ref TimerSlot hole = ref this[index];
        if (hole.Previous == None)
        {
            _firstHole = hole.Next;
        }
        else
        {
            this[hole.Previous].Next = hole.Next;
        }

        if (hole.Next != None)
        {
            this[hole.Next].Previous = hole.Previous;
        }

        _holes--;
    }
}
