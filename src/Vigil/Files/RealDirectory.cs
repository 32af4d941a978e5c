using Vigil.Interop;

namespace Vigil;

/// <summary>A directory of the kernel.</summary>
internal sealed class RealDirectory : DirectoryReader
{
    /// <param name="directory">What <see cref="DirectoryNative.Open"/> has returned.</param>
    public RealDirectory(nint directory)
        : base(directory)
    {
    }

    /// <summary>Its file descriptor.</summary>
    public int Number => DirectoryNative.NumberOf(handle);

    public override string? RealPath => DirectoryNative.PathOf(Number) is { } bytes ? FileName.Decode(bytes) : null;

    public override bool IsDirectoryAt(string name, out int errno)
    {
        using var bytes = new PathBytes(name);
        return DirectoryNative.IsDirectoryAt(Number, bytes.Span, out errno);
    }

    public override bool TryRead(out string name, out bool isDirectory, out int errno)
    {
        while (DirectoryNative.TryRead(handle, out ReadOnlySpan<byte> bytes, out isDirectory, out errno))
        {
            if (!bytes.SequenceEqual("."u8) && !bytes.SequenceEqual(".."u8))
            {
                name = FileName.Decode(bytes);
                return true;
            }
        }

        Failure = errno;
        name = "";
        return false;
    }

    protected override bool ReleaseHandle() => DirectoryNative.Close(handle);
}
