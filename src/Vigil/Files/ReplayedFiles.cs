using System.Buffers.Binary;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Recording;

namespace Vigil;

/// <summary>
/// Gives the answers that <see cref="RecordedFiles"/> has recorded; the files are not touched. Where there is none, because the replay is
/// over or has diverged, nothing is there, and nothing fails: the run ends with its next wait.
/// </summary>
internal sealed class ReplayedFiles : FileKernel
{
    // Above what a kernel gives out, and what a simulation does, so that no number names something else.
    private const int FirstNumber = (1 << 30) + (1 << 24);

    private readonly ReplaySession _session;
    private int _handles;

    public ReplayedFiles(ReplaySession session) => _session = session;

    public override FdHandle? CreateQueue(out int errno)
    {
        errno = Answer(RecordedQuestion.FileQueue, out _);
        return errno == Errno.Success ? NewHandle() : null;
    }

    public override int AddWatch(FdHandle queue, OpenFile file, uint mask, out int errno)
    {
        Span<byte> subject = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(subject, mask);
        _session.TryAnswer(RecordedQuestion.FileAddWatch, subject, out RecordedAnswer answer);
        errno = answer.Errno;
        return answer.Number;
    }

    public override int RemoveWatch(FdHandle queue, int watch)
    {
        Span<byte> subject = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(subject, watch);
        _session.TryAnswer(RecordedQuestion.FileRemoveWatch, subject, out RecordedAnswer answer);
        return answer.Errno;
    }

    public override int Mark(FdHandle queue) => Answer(RecordedQuestion.FileMark, out _);

    public override int BytesToRead(FdHandle queue)
    {
        Answer(RecordedQuestion.FileQueued, out RecordedAnswer answer);
        return answer.Number;
    }

    public override int Read(FdHandle queue, Span<byte> buffer, out int errno)
    {
        if (!_session.TryAnswer(RecordedQuestion.FileRead, buffer, out int count, out errno))
        {
            errno = Errno.EAGAIN;
            return -1;
        }

        return count;
    }

    public override DirectoryReader? Open(string path, bool follows, out int errno)
    {
        errno = Answer(RecordedQuestion.FileOpenDirectory, path).Errno;
        return errno == Errno.Success ? new ReplayedDirectory(this) : null;
    }

    public override OpenFile? OpenPath(string path, out int errno)
    {
        errno = Answer(RecordedQuestion.FileOpenPath, path).Errno;
        return errno == Errno.Success ? new ReplayedFile() : null;
    }

    public override bool IsDirectory(string path, bool follows, out int errno)
    {
        using var subject = new PathBytes(path);
        bool isAnswered = _session.TryAnswer(RecordedQuestion.FileIsDirectory, subject.Span[..^1], out RecordedAnswer answer);
        errno = answer.Errno;
        return !isAnswered || answer.Number == 1;
    }

    public override uint LinkCountOf(string path) => (uint)Answer(RecordedQuestion.FileLinks, path).Number;

    public override WriterState WritersOf(string path) => (WriterState)Answer(RecordedQuestion.FileWriters, path).Number;

    public override FdHandle? OpenMounts(out int errno)
    {
        errno = Answer(RecordedQuestion.FileMounts, out RecordedAnswer answer);
        return answer.Number > 0 ? NewHandle() : null;
    }

    public override int ReadMounts(FdHandle list, Span<byte> buffer, long position, out int errno)
    {
        _session.TryAnswer(RecordedQuestion.FileMountList, buffer, out int count, out errno);
        return count;
    }

    public override long ReadLimit(string setting)
    {
        Answer(RecordedQuestion.FileLimit, out RecordedAnswer answer);
        return answer.Bytes.Length == 8 ? BinaryPrimitives.ReadInt64LittleEndian(answer.Bytes) : long.MaxValue;
    }

    public override bool HasDescriptors()
    {
        Answer(RecordedQuestion.FileHasDescriptors, out RecordedAnswer answer);
        return answer.Number == 1;
    }

    private int Answer(RecordedQuestion question, out RecordedAnswer answer)
    {
        _session.TryAnswer(question, default, out answer);
        return answer.Errno;
    }

    private RecordedAnswer Answer(RecordedQuestion question, string path)
    {
        using var subject = new PathBytes(path);
        _session.TryAnswer(question, subject.Span[..^1], out RecordedAnswer answer);
        return answer;
    }

    private InertHandle NewHandle() => new(FirstNumber + _handles++);

    private sealed class ReplayedFile() : OpenFile(value: 0)
    {
        protected override bool ReleaseHandle() => true;
    }

    private sealed class ReplayedDirectory(ReplayedFiles files) : DirectoryReader(value: 0)
    {
        public override string? RealPath
        {
            get
            {
                files.Answer(RecordedQuestion.FileRealPath, out RecordedAnswer answer);
                return answer.Number == 1 ? FileName.Decode(answer.Bytes) : null;
            }
        }

        public override bool IsDirectoryAt(string name, out int errno)
        {
            RecordedAnswer answer = files.Answer(RecordedQuestion.FileIsDirectoryAt, name);
            errno = answer.Errno;
            return answer.Number == 1;
        }

        public override bool TryRead(out string name, out bool isDirectory, out int errno)
        {
            if (!files._session.TryAnswer(RecordedQuestion.FileEntry, default, out RecordedAnswer answer))
            {
                (name, isDirectory, errno) = ("", false, Errno.Success);
                return false;
            }

            bool isEntry = answer.Number >= 0;
            errno = answer.Errno;
            Failure = isEntry ? Failure : errno;
            name = FileName.Decode(answer.Bytes);
            isDirectory = answer.Number == 1;
            return isEntry;
        }

        protected override bool ReleaseHandle() => true;
    }
}
