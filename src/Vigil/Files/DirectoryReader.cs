using Microsoft.Win32.SafeHandles;
using Vigil.Interop;

namespace Vigil;

/// <summary>An open directory whose entries are read one by one.</summary>
internal sealed class DirectoryReader : SafeHandleZeroOrMinusOneIsInvalid
{
    private DirectoryReader(nint directory)
        : base(ownsHandle: true)
    {
        SetHandle(directory);
    }

    /// <summary>Its file descriptor.</summary>
    public int Number => DirectoryNative.NumberOf(handle);

    /// <summary>Its path without links; null if the kernel does not report it.</summary>
    public string? RealPath => DirectoryNative.PathOf(Number) is { } bytes ? FileName.Decode(bytes) : null;

    /// <summary>The errno that ended the reading early, or 0.</summary>
    public int Failure { get; private set; }

    /// <summary>Opens a directory; null on failure.</summary>
    public static DirectoryReader? Open(string path, bool follows, out int errno)
    {
        using var bytes = new PathBytes(path);
        nint directory = DirectoryNative.Open(bytes.Span, follows, out errno);
        return directory == 0 ? null : new DirectoryReader(directory);
    }

    /// <summary>Opens a path, links not followed, only to name it (O_PATH); −1 on failure.</summary>
    public static int OpenPath(string path, out int errno)
    {
        using var bytes = new PathBytes(path);
        return DirectoryNative.OpenPath(bytes.Span, out errno);
    }

    /// <summary>Whether a path names a directory.</summary>
    public static bool IsDirectory(string path, bool follows, out int errno)
    {
        using var bytes = new PathBytes(path);
        return DirectoryNative.IsDirectory(bytes.Span, follows, out errno);
    }

    /// <summary>Whether a name in it is a directory; links are not followed.</summary>
    public bool IsDirectoryAt(string name, out int errno)
    {
        using var bytes = new PathBytes(name);
        return DirectoryNative.IsDirectoryAt(Number, bytes.Span, out errno);
    }

    /// <summary>
    /// Reads the next entry other than the directory itself and its parent; false at the end, or on <see cref="Failure"/>.
    /// </summary>
    /// <param name="name">The entry.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    /// <param name="errno">Why that is unknown.</param>
    public bool TryRead(out string name, out bool isDirectory, out int errno)
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
