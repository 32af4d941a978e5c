using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>The files of a simulated system. It has no limits of its own, and no mounts.</summary>
internal sealed class SimulatedFiles(IVirtualDirectories directories) : FileKernel
{
    public override FdHandle? CreateQueue(out int errno) => directories.CreateQueue(out errno);

    public override int AddWatch(FdHandle queue, OpenFile file, uint mask, out int errno)
    {
        IVirtualFile watched = file is SimulatedDirectory directory ? directory.File : ((SimulatedFile)file).File;
        return ((VirtualFileQueue)queue).AddWatch(watched, mask, out errno);
    }

    public override int RemoveWatch(FdHandle queue, int watch) => ((VirtualFileQueue)queue).RemoveWatch(watch);

    public override int Mark(FdHandle queue) => ((VirtualFileQueue)queue).Mark();

    public override int BytesToRead(FdHandle queue) => ((VirtualFileQueue)queue).BytesToRead;

    public override int Read(FdHandle queue, Span<byte> buffer, out int errno)
    {
        IOResult result = ((VirtualFileQueue)queue).TryRead(buffer);
        errno = result.Errno;
        return errno == Errno.Success ? result.Count : -1;
    }

    public override DirectoryReader? Open(string path, bool follows, out int errno)
    {
        IVirtualFile? file = directories.Find(path, follows, out errno);
        if (file is null)
        {
            return null;
        }

        if (file.IsDirectory)
        {
            return new SimulatedDirectory(file);
        }

        errno = Errno.ENOTDIR;
        return null;
    }

    public override OpenFile? OpenPath(string path, out int errno) =>
        directories.Find(path, followsLinks: false, out errno) is { } file ? new SimulatedFile(file) : null;

    public override bool IsDirectory(string path, bool follows, out int errno) =>
        directories.Find(path, follows, out errno) is { IsDirectory: true };

    public override uint LinkCountOf(string path) =>
        directories.Find(path, followsLinks: false, out _) is { IsRegular: true } file ? (uint)file.LinkCount : 0;

    public override WriterState WritersOf(string path) => directories.Find(path, followsLinks: false, out _) is { IsRegular: true } file
        ? file.HasWriter switch
        {
            true => WriterState.Some,
            false => WriterState.None,
            null => WriterState.Unknown,
        }
        : WriterState.NoFile;

    public override FdHandle? OpenMounts(out int errno)
    {
        errno = Errno.Success;
        return null;
    }

    public override int ReadMounts(FdHandle list, Span<byte> buffer, long position, out int errno)
    {
        errno = Errno.Success;
        return 0;
    }

    public override long ReadLimit(string setting) => long.MaxValue;

    public override bool HasDescriptors() => true;

    private sealed class SimulatedFile(IVirtualFile file) : OpenFile(value: 0)
    {
        public IVirtualFile File => file;

        protected override bool ReleaseHandle() => true;
    }

    /// <summary>A directory, listed as it was when it was opened.</summary>
    private sealed class SimulatedDirectory(IVirtualFile file) : DirectoryReader(value: 0)
    {
        private readonly IEnumerator<KeyValuePair<string, IVirtualFile>> _next = file.List().GetEnumerator();

        public IVirtualFile File => file;

        public override string? RealPath => file.Path;

        public override bool IsDirectoryAt(string name, out int errno)
        {
            bool isThere = file.List().TryGetValue(name, out IVirtualFile? entry);
            errno = isThere ? Errno.Success : Errno.ENOENT;
            return entry is { IsDirectory: true };
        }

        public override bool TryRead(out string name, out bool isDirectory, out int errno)
        {
            errno = Errno.Success;
            bool isEntry = _next.MoveNext();
            name = isEntry ? _next.Current.Key : "";
            isDirectory = isEntry && _next.Current.Value.IsDirectory;
            return isEntry;
        }

        protected override bool ReleaseHandle()
        {
            _next.Dispose();
            return true;
        }
    }
}
