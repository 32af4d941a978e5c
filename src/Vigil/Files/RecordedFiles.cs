using System.Buffers.Binary;
using Vigil.IO;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// Asks another <see cref="FileKernel"/>, and records each answer; of a question about a path or a name also the question.
/// </summary>
internal sealed class RecordedFiles : FileKernel
{
    private readonly LiveSession _session;
    private readonly FileKernel _inner;

    public RecordedFiles(LiveSession session, FileKernel inner)
    {
        _session = session;
        _inner = inner;
    }

    public override FdHandle? CreateQueue(out int errno)
    {
        FdHandle? queue = _inner.CreateQueue(out errno);
        _session.Answered(RecordedQuestion.FileQueue, queue?.Number ?? -1, errno);
        return queue;
    }

    public override int AddWatch(FdHandle queue, OpenFile file, uint mask, out int errno)
    {
        int watch = _inner.AddWatch(queue, file is RecordedDirectory recorded ? recorded.Inner : file, mask, out errno);
        _session.Answered(RecordedQuestion.FileAddWatch, watch, errno, Bytes(mask, stackalloc byte[4]));
        return watch;
    }

    public override int RemoveWatch(FdHandle queue, int watch)
    {
        int errno = _inner.RemoveWatch(queue, watch);
        _session.Answered(RecordedQuestion.FileRemoveWatch, number: 0, errno, Bytes((uint)watch, stackalloc byte[4]));
        return errno;
    }

    public override int Mark(FdHandle queue)
    {
        int errno = _inner.Mark(queue);
        _session.Answered(RecordedQuestion.FileMark, number: 0, errno);
        return errno;
    }

    public override int BytesToRead(FdHandle queue)
    {
        int count = _inner.BytesToRead(queue);
        _session.Answered(RecordedQuestion.FileQueued, count, errno: 0);
        return count;
    }

    public override int Read(FdHandle queue, Span<byte> buffer, out int errno)
    {
        int count = _inner.Read(queue, buffer, out errno);
        _session.Answered(RecordedQuestion.FileRead, count, errno, buffer[..Math.Max(count, 0)]);
        return count;
    }

    public override DirectoryReader? Open(string path, bool follows, out int errno)
    {
        DirectoryReader? reader = _inner.Open(path, follows, out errno);
        Answered(RecordedQuestion.FileOpenDirectory, number: 0, errno, path);
        return reader is null ? null : new RecordedDirectory(this, reader);
    }

    public override OpenFile? OpenPath(string path, out int errno)
    {
        OpenFile? file = _inner.OpenPath(path, out errno);
        Answered(RecordedQuestion.FileOpenPath, number: 0, errno, path);
        return file;
    }

    public override bool IsDirectory(string path, bool follows, out int errno)
    {
        bool isDirectory = _inner.IsDirectory(path, follows, out errno);
        Answered(RecordedQuestion.FileIsDirectory, isDirectory ? 1 : 0, errno, path);
        return isDirectory;
    }

    public override uint LinkCountOf(string path)
    {
        uint count = _inner.LinkCountOf(path);
        Answered(RecordedQuestion.FileLinks, (int)count, errno: 0, path);
        return count;
    }

    public override WriterState WritersOf(string path)
    {
        WriterState writers = _inner.WritersOf(path);
        Answered(RecordedQuestion.FileWriters, (int)writers, errno: 0, path);
        return writers;
    }

    public override FdHandle? OpenMounts(out int errno)
    {
        FdHandle? list = _inner.OpenMounts(out errno);
        _session.Answered(RecordedQuestion.FileMounts, list?.Number ?? -1, errno);
        return list;
    }

    public override int ReadMounts(FdHandle list, Span<byte> buffer, long position, out int errno)
    {
        int count = _inner.ReadMounts(list, buffer, position, out errno);
        _session.Answered(RecordedQuestion.FileMountList, count, errno, buffer[..Math.Max(count, 0)]);
        return count;
    }

    public override long ReadLimit(string setting)
    {
        long limit = _inner.ReadLimit(setting);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, limit);
        _session.Answered(RecordedQuestion.FileLimit, number: 0, errno: 0, bytes);
        return limit;
    }

    public override bool HasDescriptors()
    {
        bool has = _inner.HasDescriptors();
        _session.Answered(RecordedQuestion.FileHasDescriptors, has ? 1 : 0, errno: 0);
        return has;
    }

    private static Span<byte> Bytes(uint value, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private void Answered(RecordedQuestion question, int number, int errno, string path)
    {
        using var bytes = new PathBytes(path);
        _session.Answered(question, number, errno, bytes.Span[..^1]);
    }

    /// <summary>Another directory, whose entries are recorded.</summary>
    private sealed class RecordedDirectory(RecordedFiles files, DirectoryReader inner) : DirectoryReader(value: 0)
    {
        public DirectoryReader Inner => inner;

        public override string? RealPath
        {
            get
            {
                string? path = inner.RealPath;
                files.Answered(RecordedQuestion.FileRealPath, path is null ? 0 : 1, errno: 0, path ?? "");
                return path;
            }
        }

        public override bool IsDirectoryAt(string name, out int errno)
        {
            bool isDirectory = inner.IsDirectoryAt(name, out errno);
            files.Answered(RecordedQuestion.FileIsDirectoryAt, isDirectory ? 1 : 0, errno, name);
            return isDirectory;
        }

        public override bool TryRead(out string name, out bool isDirectory, out int errno)
        {
            bool isEntry = inner.TryRead(out name, out isDirectory, out errno);
            Failure = inner.Failure;
            files.Answered(RecordedQuestion.FileEntry, isEntry ? isDirectory ? 1 : 0 : -1, errno, name);
            return isEntry;
        }

        protected override bool ReleaseHandle()
        {
            inner.Dispose();
            return true;
        }
    }
}
