using System.Buffers;

namespace MetricsGateway.Admin;

/// <summary>
/// The output that one client has not read yet, in blocks of memory from a budget that all clients share. Writing beyond the budget does
/// not fail: the buffer drops its content, sets <see cref="IsOverflowed"/> and discards further output, so that code that writes an
/// answer need not care.
/// </summary>
internal sealed class OutputBuffer(OutputBudget budget) : IBufferWriter<byte>
{
    /// <summary>The size of a short answer's block; the blocks of a longer answer grow.</summary>
    private const int SmallBlock = 1 << 12;

    // Below the size of the large object heap (85,000 bytes), whose memory is given back late.
    private const int LargeBlock = 1 << 16;

    private readonly Queue<byte[]> _full = new();

    // The block that takes the next bytes; also given to writers whose bytes are discarded.
    private byte[] _last = [];
    private int _start;
    private int _end;

    /// <summary>The buffer has lost its answers because others needed the memory. Its client must be dropped.</summary>
    public event Action? GivenUp;

    public bool IsOverflowed { get; private set; }

    /// <summary>Bytes that were written and not consumed.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of the budget that the buffer holds.</summary>
    public int Held { get; private set; }

    /// <summary>When bytes were last consumed, or written into the empty buffer, by the budget's clock.</summary>
    public long LastProgress { get; private set; }

    /// <summary>The first unconsumed bytes, up to the end of their block.</summary>
    public ReadOnlySpan<byte> Unsent =>
        _full.TryPeek(out byte[]? first) ? first.AsSpan(_start) : _last.AsSpan(_start, IsOverflowed ? 0 : _end - _start);

    /// <summary>Removes bytes that were sent, and gives the memory of whole blocks back.</summary>
    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length);
        LastProgress = budget.Now;
        Length -= count;
        _start += count;
        while (_full.TryPeek(out byte[]? first) && _start >= first.Length)
        {
            _start -= first.Length;
            _full.Dequeue();
            Return(first.Length);
        }

        if (Length == 0)
        {
            Clear();
        }
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _last.Length - _end);
        if (!IsOverflowed)
        {
            LastProgress = Length == 0 ? budget.Now : LastProgress;
            _end += count;
            Length += count;
        }
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int size = Math.Max(sizeHint, 1);
        if (_last.Length - _end < size && !IsOverflowed)
        {
            AddBlock(size);
        }

        if (_last.Length - _end < size)
        {
            _last = new byte[Math.Max(size, SmallBlock)];
        }

        return _last.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Drops all content in favour of other clients.</summary>
    public void GiveUp()
    {
        Overflow();
        GivenUp?.Invoke();
    }

    /// <summary>Gives all memory back. Nothing is written afterwards.</summary>
    public void Release() => Overflow();

    private void AddBlock(int size)
    {
        int block = Math.Max(size, Math.Clamp(Length, SmallBlock, LargeBlock));
        if (!budget.TryTake(this, block))
        {
            Overflow();
            return;
        }

        Held += block;
        if (_end > _start || _full.Count > 0)
        {
            // A block with less room than the writer needs ends where it was written to.
            int unused = _last.Length - _end;
            _full.Enqueue(unused == 0 ? _last : _last[.._end]);
            Return(unused);
        }
        else
        {
            Return(_last.Length);
            _start = 0;
        }

        _last = new byte[block];
        _end = 0;
    }

    private void Overflow()
    {
        IsOverflowed = true;
        Length = 0;
        Clear();
    }

    private void Clear()
    {
        _full.Clear();
        _last = [];
        _start = 0;
        _end = 0;
        Return(Held);
    }

    private void Return(int size)
    {
        Held -= size;
        budget.Return(this, size);
    }
}
