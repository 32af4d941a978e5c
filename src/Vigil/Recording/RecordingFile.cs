namespace Vigil.Recording;

/// <summary>A recording's file: the header, then chunks, each behind its frame.</summary>
internal sealed class RecordingFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly byte[] _frame = new byte[RecordingHeader.FrameSize];

    /// <summary>Creates the file, for its owner alone.</summary>
    /// <exception cref="IOException">There is such a file, or it cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written.</exception>
    public RecordingFile(string path, RecordingHeader header)
    {
        _stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        byte[] bytes = new byte[RecordingHeader.Size];
        header.Write(bytes);
        _stream.Write(bytes);
    }

    public void Write(Chunk chunk)
    {
        RecordingHeader.WriteFrame(_frame, chunk);
        _stream.Write(_frame);
        _stream.Write(chunk.Bytes, 0, chunk.Length);
    }

    public void Dispose() => _stream.Dispose();
}
