using System.Diagnostics.CodeAnalysis;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Files;

/// <summary>The watches of one inotify instance, by number, and the reading of its queue.</summary>
/// <remarks>
/// <para>A watch lives as long as it has users. Its mask only grows, since the kernel can be asked to add to a mask without naming the
/// directory wrongly (<c>IN_MASK_ADD</c>), but not to take away from one.</para>
/// <para>A watch that was ended has records in the queue still. Its number is unknown from then on; should the kernel give it out again,
/// the position in the stream of records tells the old ones from the new ones.</para>
/// </remarks>
internal sealed class WatchTable : IDisposable
{
    private const uint Always = InotifyNative.IN_CREATE | InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM | InotifyNative.IN_MOVED_TO
        | InotifyNative.IN_DELETE_SELF | InotifyNative.IN_MOVE_SELF
        | InotifyNative.IN_ONLYDIR | InotifyNative.IN_EXCL_UNLINK | InotifyNative.IN_MASK_ADD;

    // Some 500 events with names of usual length; the rest comes in the next iteration.
    private const int ReadSize = 16 * 1024;

    private readonly Dictionary<int, DirectoryWatch> _watches = [];
    private readonly byte[] _buffer = new byte[ReadSize];
    private readonly FdHandle _inotify;
    private long _position;

    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public WatchTable()
    {
        int fd = InotifyNative.Create(out int errno);
        _inotify = fd >= 0 ? new FdHandle(fd) : throw FileErrors.OfInstance(errno);
    }

    public FdHandle Fd => _inotify;

    public int Count => _watches.Count;

    /// <summary>Where the next record will be that the kernel queues.</summary>
    public long End => _position + Math.Max(FileNative.BytesToRead(Number), 0);

    private int Number => (int)_inotify.DangerousGetHandle();

    public bool TryGet(int number, long position, [NotNullWhen(true)] out DirectoryWatch? watch) =>
        _watches.TryGetValue(number, out watch) && position >= watch.Since;

    /// <summary>
    /// Watches the directory that a node's path leads to. If that fails, the node keeps the watch that it had. Returns an errno, and
    /// whether it is another directory than before.
    /// </summary>
    public int Bind(DirectoryNode node, out bool isOther)
    {
        long since = End;
        using var path = new PathBytes(node.Path);
        int number = InotifyNative.AddWatch(Number, path.Span, MaskOf(node), out int errno);
        if (errno != Errno.Success || node.Watch?.Number == number)
        {
            isOther = false;
            return errno;
        }

        Unbind(node);
        if (!_watches.TryGetValue(number, out DirectoryWatch? watch))
        {
            watch = new DirectoryWatch(number, since);
            _watches.Add(number, watch);
        }

        // Another path of the same tree leads to this directory: a bind mount, or a path that the directory has moved away from.
        foreach (DirectoryNode user in watch.Users)
        {
            if (user.Tree == node.Tree)
            {
                user.Tree.Scanner.Want(user, ScanWork.Verify);
            }
        }

        watch.Users.Add(node);
        node.Watch = watch;
        isOther = true;
        return Errno.Success;
    }

    /// <summary>Ends a node's use of its watch, and the watch with the last.</summary>
    public void Unbind(DirectoryNode node)
    {
        if (node.Watch is not { } watch)
        {
            return;
        }

        node.Watch = null;
        watch.Users.Remove(node);
        if (watch.Users.Count == 0)
        {
            _watches.Remove(watch.Number);

            // Fails where the kernel has ended it with its directory: nothing is left to be done then.
            _ = InotifyNative.RemoveWatch(Number, watch.Number);
        }
    }

    /// <summary>The kernel has ended a watch, with its directory or its file system.</summary>
    public void Forget(DirectoryWatch watch)
    {
        _watches.Remove(watch.Number);
        foreach (DirectoryNode user in watch.Users)
        {
            user.Watch = null;
        }
    }

    /// <summary>Reads once. Returns an errno; EAGAIN where nothing is queued.</summary>
    public int Read(out InotifyRecords records)
    {
        int count = FileNative.Read(Number, _buffer, out int errno);
        records = new InotifyRecords(_buffer.AsSpan(0, Math.Max(count, 0)), _position);
        _position += Math.Max(count, 0);
        return errno;
    }

    /// <summary>Throws away what is queued now, which is no more than the kernel's limit of it.</summary>
    public void Discard()
    {
        for (long end = End; _position < end && Read(out _) == Errno.Success;)
        {
        }
    }

    public void Dispose() => _inotify.Dispose();

    private static uint MaskOf(DirectoryNode node)
    {
        FileTree tree = node.Tree;
        return Always
            | (node.IsRoot ? 0 : InotifyNative.IN_DONT_FOLLOW)
            | (tree.Interest.HasFlag(FileInterest.Contents) ? InotifyNative.IN_MODIFY : 0)
            | (tree.Interest.HasFlag(FileInterest.Written) ? InotifyNative.IN_CLOSE_WRITE : 0)

            // Also the sign that a directory may be readable now that was not.
            | (tree.IsRecursive || tree.Interest.HasFlag(FileInterest.Attributes) ? InotifyNative.IN_ATTRIB : 0);
    }
}
