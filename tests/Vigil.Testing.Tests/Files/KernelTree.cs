using System.Runtime.InteropServices;

namespace Vigil.Testing.Tests.Files;

/// <summary>The kernel's files.</summary>
internal sealed partial class KernelTree : ITree
{
    private UnixFileMode _mode;

    public bool Exists(string path) => Path.Exists(path);

    public bool IsDirectory(string path) => Directory.Exists(path);

    public IReadOnlyList<string> List(string path) =>
        [.. Directory.GetFileSystemEntries(path).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public IDisposable OpenWriter(string path, bool append)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (!append && stream.Length > 0)
        {
            stream.SetLength(0);
        }

        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    public void Write(IDisposable writer) => ((FileStream)writer).WriteByte(0);

    // Always another mode.
    public void SetAttributes(string path)
    {
        _mode ^= UnixFileMode.OtherExecute;
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | _mode);
    }

    public bool Move(string path, string newPath) => rename(path, newPath) == 0;

    public void DeleteFile(string path) => File.Delete(path);

    public void DeleteDirectory(string path) => Directory.Delete(path);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string path, string newPath);
}
