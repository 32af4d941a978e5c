using System.Buffers;

namespace MetricsGateway.Flushing;

/// <summary>
/// The memory of a report, in one piece. It doubles as long as that stays within what a report may have, and grows by small steps beyond:
/// twice that much would be taken for the last line alone.
/// </summary>
/// <param name="limit">How many bytes a report has, but for the line that exceeds them and the last one.</param>
internal sealed class ReportBuffer(int limit) : IBufferWriter<byte>
{
    private const int Least = 4 << 10;
    private const int Step = 1 << 20;

    private byte[] _bytes = [];

    public int Count { get; private set; }

    public int Capacity => _bytes.Length;

    /// <summary>Valid until it is written again.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Count);

    /// <summary>Forgets what was written, and keeps the memory.</summary>
    public void Clear() => Count = 0;

    public void Advance(int count) => Count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = checked(Count + Math.Max(sizeHint, 1));
        if (needed > Capacity)
        {
            int larger = Capacity < limit ? (int)Math.Min(Math.Max(2L * Capacity, Least), (long)limit + Step) : Capacity + Step;
            Array.Resize(ref _bytes, Math.Max(needed, larger));
        }

        return _bytes.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
