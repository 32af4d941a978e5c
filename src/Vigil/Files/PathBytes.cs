using System.Buffers;

namespace Vigil;

/// <summary>A path for the kernel, zero-terminated, in pooled memory.</summary>
internal readonly ref struct PathBytes
{
    private readonly byte[] _buffer;

    public PathBytes(string path)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(FileName.MaxLength(path) + 1);
        int length = FileName.Encode(path, _buffer);
        _buffer[length] = 0;
        Span = _buffer.AsSpan(0, length + 1);
    }

    public ReadOnlySpan<byte> Span { get; }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
