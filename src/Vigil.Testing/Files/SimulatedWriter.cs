namespace Vigil.Testing;

/// <summary>A file of <see cref="WorldDirectories"/> that is open for writing. Closing it is reported as that of a complete file.</summary>
public sealed class SimulatedWriter : IDisposable
{
    private readonly WorldDirectories _directories;
    private readonly FileNode _node;
    private bool _isClosed;

    internal SimulatedWriter(WorldDirectories directories, FileNode node)
    {
        _directories = directories;
        _node = node;
        node.Writers++;
    }

    /// <summary>Appends to the file.</summary>
    /// <param name="bytes">The bytes. None is no write.</param>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (!bytes.IsEmpty)
        {
            _directories.Write(_node, bytes);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            _directories.Close(_node);
        }
    }
}
