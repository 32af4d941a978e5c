using System.Collections.Concurrent;

namespace MetricsGateway.GraphiteSending;

/// <summary>Whole lines, written by a worker and sent by the loop. Blocks change hands instead of being copied.</summary>
internal sealed class LineBlock(int capacity)
{
    /// <summary>The capacity of a block, unless a single line is longer.</summary>
    public const int DefaultCapacity = 32 << 10;

    public byte[] Bytes { get; } = new byte[capacity];

    public int Length { get; set; }

    public int Lines { get; set; }

    public int Room => Bytes.Length - Length;

    public ReadOnlySpan<byte> Text => Bytes.AsSpan(0, Length);

    public void Append(LineBlock other)
    {
        other.Text.CopyTo(Bytes.AsSpan(Length));
        Length += other.Length;
        Lines += other.Lines;
    }
}

/// <summary>Unused blocks. Any thread may use the pool.</summary>
internal sealed class LineBlockPool
{
    // 32 MiB: everything that may be in flight at once with the default of --graphite-buffer. Blocks beyond that are left to the garbage
    // collector; each block that is allocated for a flush brings the next collection nearer, during which every thread stands still.
    private const int MaxBlocks = 1024;

    private readonly ConcurrentBag<LineBlock> _free = [];

    /// <param name="length">The maximum length of the next line.</param>
    public LineBlock Rent(int length)
    {
        if (length > LineBlock.DefaultCapacity)
        {
            return new LineBlock(length);
        }

        return _free.TryTake(out LineBlock? block) ? block : new LineBlock(LineBlock.DefaultCapacity);
    }

    public void Return(LineBlock block)
    {
        if (block.Bytes.Length == LineBlock.DefaultCapacity && _free.Count < MaxBlocks)
        {
            block.Length = 0;
            block.Lines = 0;
            _free.Add(block);
        }
    }
}
