using System.Buffers;

namespace MetricsGateway.Admin;

/// <summary>
/// What one client has not read yet, in blocks of memory that all clients share a budget of. Writing beyond the budget does not fail: the
/// buffer drops its content, says <see cref="IsOverflowed"/> and swallows what follows, so that whoever writes an answer need not care.
/// </summary>
internal sealed class OutputBuffer(OutputBudget budget) : IBufferWriter<byte>
{
    /// <summary>Of an answer that is short; the blocks of a longer one grow.</summary>
    private const int SmallBlock = 1 << 12;

    // Small enough for the heap that is compacted: from 85,000 bytes on memory is given back late.
    private const int LargeBlock = 1 << 16;

    private readonly Queue<byte[]> _full = new();

    // Where the next bytes go, and what is given to writers whose bytes are swallowed.
    private byte[] _last = [];
    private int _start;
    private int _end;

    /// <summary>It has lost its answers because others needed the memory. Its client must be given up.</summary>
    public event Action? GivenUp;

    public bool IsOverflowed { get; private set; }

    /// <summary>Bytes that were written and not consumed.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of the budget that it holds.</summary>
    public int Held { get; private set; }

    /// <summary>When something was consumed last, or written into the empty buffer: a moment of the budget's clock.</summary>
    public long LastProgress { get; private set; }

    /// <summary>The first bytes that were not consumed, as many as lie together.</summary>
    public ReadOnlySpan<byte> Unsent =>
        _full.TryPeek(out byte[]? first) ? first.AsSpan(_start) : _last.AsSpan(_start, IsOverflowed ? 0 : _end - _start);

    /// <summary>Forgets bytes that were sent, and gives the memory of whole blocks back.</summary>
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

    /// <summary>Drops everything that it holds, for others.</summary>
    public void GiveUp()
    {
        Overflow();
        GivenUp?.Invoke();
    }

    /// <summary>Gives all memory back. Nothing is written any more.</summary>
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
            // A block that is full, but for less than the writer needs, ends where it was written to.
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
