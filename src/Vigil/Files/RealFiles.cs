using System.Globalization;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>The kernel itself.</summary>
internal sealed class RealFiles : FileKernel
{
    private RealFiles()
    {
    }

    /// <summary>It keeps nothing, so one serves every loop.</summary>
    public static RealFiles Instance { get; } = new();

    public override FdHandle? CreateQueue(out int errno)
    {
        int fd = InotifyNative.Create(out errno);
        return fd < 0 ? null : new FdHandle(fd);
    }

    public override int AddWatch(FdHandle queue, OpenFile file, uint mask, out int errno) =>
        InotifyNative.AddWatch(queue.Number, NumberOf(file), mask, out errno);

    public override int RemoveWatch(FdHandle queue, int watch) => InotifyNative.RemoveWatch(queue.Number, watch);

    public override int Mark(FdHandle queue) => InotifyNative.Mark(queue.Number);

    public override int BytesToRead(FdHandle queue) => FileNative.BytesToRead(queue.Number);

    public override int Read(FdHandle queue, Span<byte> buffer, out int errno) => FileNative.Read(queue.Number, buffer, out errno);

    public override DirectoryReader? Open(string path, bool follows, out int errno)
    {
        using var bytes = new PathBytes(path);
        nint directory = DirectoryNative.Open(bytes.Span, follows, out errno);
        return directory == 0 ? null : new RealDirectory(directory);
    }

    public override OpenFile? OpenPath(string path, out int errno)
    {
        int fd = NumberOf(path, out errno);
        return errno == Errno.Success ? new RealFile(fd) : null;
    }

    public override bool IsDirectory(string path, bool follows, out int errno)
    {
        using var bytes = new PathBytes(path);
        return DirectoryNative.IsDirectory(bytes.Span, follows, out errno);
    }

    public override uint LinkCountOf(string path)
    {
        int fd = NumberOf(path, out int errno);
        if (errno != Errno.Success)
        {
            return 0;
        }

        bool isFile = DirectoryNative.IsRegularFile(fd, out uint linkCount);
        _ = FileNative.Close(fd);
        return isFile ? linkCount : 0;
    }

    public override WriterState WritersOf(string path)
    {
        int fd = NumberOf(path, out int errno);
        if (errno != Errno.Success)
        {
            return WriterState.NoFile;
        }

        try
        {
            if (!DirectoryNative.IsRegularFile(fd, out _))
            {
                return WriterState.NoFile;
            }

            return LeaseNative.AskForWriter(fd) switch
            {
                Errno.Success => WriterState.None,
                Errno.EAGAIN => WriterState.Some,
                _ => WriterState.Unknown,
            };
        }
        finally
        {
            _ = FileNative.Close(fd);
        }
    }

    public override FdHandle? OpenMounts(out int errno)
    {
        int fd = FileNative.OpenToRead("/proc/thread-self/mountinfo\0"u8, out errno);
        return fd < 0 ? null : new FdHandle(fd);
    }

    public override int ReadMounts(FdHandle list, Span<byte> buffer, long position, out int errno) =>
        FileNative.ReadAt(list.Number, buffer, position, out errno);

    public override long ReadLimit(string setting)
    {
        try
        {
            return long.Parse(File.ReadAllText($"/proc/sys/{setting}"), NumberStyles.Integer, CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return long.MaxValue;
        }
    }

    public override bool HasDescriptors()
    {
        int fd = EventFdNative.Create(0, semaphore: false, out int errno);
        if (errno == Errno.Success)
        {
            _ = FileNative.Close(fd);
        }

        return errno == Errno.Success;
    }

    private static int NumberOf(OpenFile file) => file is RealDirectory directory ? directory.Number : ((RealFile)file).Number;

    private static int NumberOf(string path, out int errno)
    {
        using var bytes = new PathBytes(path);
        return DirectoryNative.OpenPath(bytes.Span, out errno);
    }
}
