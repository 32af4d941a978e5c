using Microsoft.Win32.SafeHandles;
using Vigil.Interop;

namespace Vigil.Files;

/// <summary>An open directory whose entries are read one after the other.</summary>
internal sealed class DirectoryReader : SafeHandleZeroOrMinusOneIsInvalid
{
    private DirectoryReader(nint directory)
        : base(ownsHandle: true)
    {
        SetHandle(directory);
    }

    /// <summary>Opens a directory; null on failure.</summary>
    public static DirectoryReader? Open(string path, bool follows, out int errno)
    {
        using var bytes = new PathBytes(path);
        nint directory = DirectoryNative.Open(bytes.Span, follows, out errno);
        return directory == 0 ? null : new DirectoryReader(directory);
    }

    /// <summary>Whether a path names a directory.</summary>
    public static bool IsDirectory(string path, bool follows, out int errno)
    {
        using var bytes = new PathBytes(path);
        return DirectoryNative.IsDirectory(bytes.Span, follows, out errno);
    }

    /// <summary>The next entry but for the directory itself and its parent; false at the end, or on failure, which the errno tells apart.</summary>
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

        name = "";
        return false;
    }

    protected override bool ReleaseHandle() => DirectoryNative.Close(handle);
}
