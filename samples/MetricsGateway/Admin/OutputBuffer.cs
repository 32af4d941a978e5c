using System.Buffers;

namespace MetricsGateway.Admin;

/// <summary>
/// What a client has not read yet, up to a limit. Writing beyond it does not fail: the buffer drops its content,
/// says <see cref="IsOverflowed"/> and swallows what follows, so that whoever writes an answer need not care.
/// </summary>
internal sealed class OutputBuffer(int limit) : IBufferWriter<byte>
{
    private const int InitialCapacity = 1024;

    private byte[] _bytes = [];
    private int _start;
    private int _end;

    public int Limit { get; set; } = limit;

    public bool IsOverflowed { get; private set; }

    public int Length => _end - _start;

    public ReadOnlySpan<byte> Unsent => _bytes.AsSpan(_start, Length);

    /// <summary>Forgets the bytes that were sent; a buffer that is empty gives its memory back.</summary>
    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length);
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _end);
        if (IsOverflowed)
        {
            return;
        }

        if (Length + count > Limit)
        {
            IsOverflowed = true;
            Clear();
            return;
        }

        _end += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void Reserve(int size)
    {
        if (_bytes.Length - _end >= size)
        {
            return;
        }

        // Half of the array must be free afterwards, so that each byte moves only a few times.
        int needed = Length + size;
        byte[] target = needed <= _bytes.Length / 2 ? _bytes : new byte[Math.Max(2 * needed, InitialCapacity)];
        Unsent.CopyTo(target);
        _end -= _start;
        _start = 0;
        _bytes = target;
    }

    private void Clear()
    {
        _bytes = [];
        _start = 0;
        _end = 0;
    }
}
