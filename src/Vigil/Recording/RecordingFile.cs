using Microsoft.Win32.SafeHandles;
using Vigil.Interop;

namespace Vigil.Recording;

/// <summary>A recording's file: the header, then chunks, or parts of them, each behind its frame.</summary>
internal sealed class RecordingFile : IDisposable
{
    // Keeps the handle, whose finalizer would close the file.
    private readonly FileStream _stream;
    private readonly SafeFileHandle _handle;
    private readonly byte[] _frame = new byte[RecordingHeader.FrameSize];

    /// <summary>Creates the file, for its owner alone, and writes the header.</summary>
    /// <exception cref="IOException">There is such a file, or it cannot be created or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written.</exception>
    public RecordingFile(string path, RecordingHeader header)
    {
        // Never an existing file, nor what a link leads to (O_EXCL): others might read it.
        _stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        Path = path;
        _handle = _stream.SafeFileHandle;
        Number = (int)_handle.DangerousGetHandle();
        byte[] bytes = new byte[RecordingHeader.Size];
        header.Write(bytes);
        int errno = Write(bytes);
        if (errno != Errno.Success)
        {
            Delete();
            throw NotWritten(errno);
        }
    }

    public string Path { get; }

    /// <summary>Its descriptor's number.</summary>
    public int Number { get; }

    /// <summary>Writes what a chunk has from some byte on. Returns an errno; what is written then is not whole.</summary>
    public int Write(Chunk chunk, int from, int length)
    {
        RecordingHeader.WriteFrame(_frame, length - from, chunk.Number);
        int errno = Write(_frame);
        return errno == Errno.Success ? Write(chunk.Bytes.AsSpan(from, length - from)) : errno;
    }

    /// <summary>Closes it. On a file system of the network, that reports what writing did not. Returns an errno.</summary>
    public int Close()
    {
        if (_handle.IsClosed)
        {
            return Errno.Success;
        }

        // The handle would keep the errno to itself.
        _handle.SetHandleAsInvalid();
        int errno = FileNative.Close(Number);
        return errno == Errno.EINTR ? Errno.Success : errno;
    }

    /// <summary>Closes and removes a file of which nothing came, so that its name is free again.</summary>
    public void Delete()
    {
        _ = Close();
        File.Delete(Path);
    }

    public IOException NotWritten(int errno) => new($"{Path} cannot be written: {Errno.Describe(errno)}.", errno);

    public void Dispose() => _ = Close();

    private int Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = FileNative.Write(Number, bytes, out int errno);
            if (errno != Errno.Success)
            {
                return errno;
            }

            bytes = bytes[count..];
        }

        return Errno.Success;
    }
}
