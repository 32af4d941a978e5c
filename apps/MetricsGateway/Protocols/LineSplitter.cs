using System.Buffers;

namespace MetricsGateway.Protocols;

internal enum LineRead
{
    /// <summary>The chunk is used up; its unfinished line waits for the next one.</summary>
    NeedMore,

    /// <summary>A whole line, perhaps empty.</summary>
    Line,

    /// <summary>A line exceeded the limit. It is reported once, as soon as that is certain, and skipped up to its newline.</summary>
    TooLong,
}

/// <summary>
/// Cuts a byte stream into lines of bounded length. Lines within one chunk are returned in place; only an unfinished line is kept, in a
/// pooled buffer, so that an idle connection holds none.
/// </summary>
internal sealed class LineSplitter(int maxLength) : IDisposable
{
    private const int InitialCapacity = 256;

    private byte[]? _partial;
    private int _length;
    private bool _isDelivered;
    private bool _isSkipping;

    /// <summary>The limit of a line's length. An unfinished line is judged by the limit at its end.</summary>
    public int MaxLength { get; set; } = maxLength;

    /// <summary>Takes the next line from <paramref name="chunk"/>; call it until it returns <see cref="LineRead.NeedMore"/>.</summary>
    /// <param name="chunk">The remaining bytes.</param>
    /// <param name="line">The line without "\n" or "\r\n"; valid until the next call.</param>
    public LineRead Read(scoped ref ReadOnlySpan<byte> chunk, out ReadOnlySpan<byte> line)
    {
        line = default;
        if (_isDelivered)
        {
            Release();
        }

        if (_isSkipping && !TrySkipLine(ref chunk))
        {
            return LineRead.NeedMore;
        }

        int newline = chunk.IndexOf((byte)'\n');
        if (newline < 0)
        {
            ReadOnlySpan<byte> beginning = chunk;
            chunk = default;
            return Keep(beginning);
        }

        ReadOnlySpan<byte> end = chunk[..newline];
        chunk = chunk[(newline + 1)..];
        if (_length == 0)
        {
            line = WithoutCarriageReturn(end);
        }
        else if (!IsTooLong(end))
        {
            Append(end);
            line = WithoutCarriageReturn(_partial.AsSpan(0, _length));
            _isDelivered = true;
        }
        else
        {
            Release();
            return LineRead.TooLong;
        }

        if (line.Length > MaxLength)
        {
            line = default;
            return LineRead.TooLong;
        }

        return LineRead.Line;
    }

    /// <summary>Returns the last line of the stream, which has no newline, if there is one.</summary>
    public LineRead Finish(out ReadOnlySpan<byte> line)
    {
        line = default;
        if (_isDelivered)
        {
            Release();
        }

        _isSkipping = false;
        if (_length == 0)
        {
            return LineRead.NeedMore;
        }

        if (IsTooLong(default))
        {
            // It was within the limit when it arrived, so the limit was lowered since.
            Release();
            return LineRead.TooLong;
        }

        line = WithoutCarriageReturn(_partial.AsSpan(0, _length));
        _isDelivered = true;
        return LineRead.Line;
    }

    /// <summary>Returns the buffer, if one is held; the splitter may be used again afterwards.</summary>
    public void Dispose()
    {
        Release();
        _isSkipping = false;
    }

    private static ReadOnlySpan<byte> WithoutCarriageReturn(ReadOnlySpan<byte> line) =>
        line is [.., (byte)'\r'] ? line[..^1] : line;

    private bool TrySkipLine(ref ReadOnlySpan<byte> chunk)
    {
        int newline = chunk.IndexOf((byte)'\n');
        _isSkipping = newline < 0;
        chunk = _isSkipping ? default : chunk[(newline + 1)..];
        return !_isSkipping;
    }

    private LineRead Keep(ReadOnlySpan<byte> beginning)
    {
        if (beginning.IsEmpty)
        {
            return LineRead.NeedMore;
        }

        if (IsTooLong(beginning))
        {
            Release();
            _isSkipping = true;
            return LineRead.TooLong;
        }

        Append(beginning);
        return LineRead.NeedMore;
    }

    // One more byte is allowed for the "\r" of "\r\n".
    private bool IsTooLong(ReadOnlySpan<byte> addition)
    {
        int excess = _length + addition.Length - MaxLength;
        return excess > 1 || (excess == 1 && (addition.IsEmpty ? _partial![_length - 1] : addition[^1]) != (byte)'\r');
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        int needed = _length + bytes.Length;
        if (_partial is null)
        {
            _partial = ArrayPool<byte>.Shared.Rent(Math.Max(needed, InitialCapacity));
        }
        else if (needed > _partial.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _partial.Length * 2));
            _partial.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_partial);
            _partial = larger;
        }

        bytes.CopyTo(_partial.AsSpan(_length));
        _length = needed;
    }

    private void Release()
    {
        if (_partial is not null)
        {
            ArrayPool<byte>.Shared.Return(_partial);
            _partial = null;
        }

        _length = 0;
        _isDelivered = false;
    }
}
