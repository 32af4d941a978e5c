using System.Diagnostics.CodeAnalysis;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>The watches of one inotify instance, by number, and the reading of its queue.</summary>
/// <remarks>
/// <para>A watch lives as long as it has users. Its mask only grows: the kernel can add to a mask without the risk of naming the wrong
/// directory (<c>IN_MASK_ADD</c>), but cannot remove from one.</para>
/// <para>A watch that was ended still has records in the queue. Its number is unknown from then on; if the kernel reuses it,
/// the position in the stream of records distinguishes old records from new ones.</para>
/// </remarks>
internal sealed class WatchTable : IDisposable
{
    // The events that every directory of a tree is watched for.
    private const uint Always = InotifyNative.IN_CREATE | InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM | InotifyNative.IN_MOVED_TO
        | InotifyNative.IN_DELETE_SELF | InotifyNative.IN_MOVE_SELF
        | InotifyNative.IN_ONLYDIR | InotifyNative.IN_EXCL_UNLINK | InotifyNative.IN_MASK_ADD;

    // Some 500 events with names of usual length; the rest is read in the next iteration.
    private const int ReadSize = 16 * 1024;

    private readonly Dictionary<int, DirectoryWatch> _watches = [];
    private readonly byte[] _buffer = new byte[ReadSize];
    private readonly FileKernel _kernel;
    private readonly FdHandle _inotify;

    // The end of the last mark.
    private long _markEnd;

    /// <param name="kernel">Whom it asks.</param>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public WatchTable(FileKernel kernel)
    {
        _kernel = kernel;
        _inotify = kernel.CreateQueue(out int errno) ?? throw FileErrors.OfInstance(kernel, errno);
    }

    public FdHandle Fd => _inotify;

    public int Count => _watches.Count;

    /// <summary>The position of the next record to read: the number of bytes before it.</summary>
    public long Position { get; private set; }

    /// <summary>The position of the next record that the kernel will queue.</summary>
    public long End => Position + Math.Max(_kernel.BytesToRead(_inotify), 0);

    public bool TryGet(int number, long position, [NotNullWhen(true)] out DirectoryWatch? watch) =>
        _watches.TryGetValue(number, out watch) && position >= watch.Since;

    /// <summary>
    /// Called before a look at the disk. <see cref="InotifyRecord.IsBefore"/> then says which records are older than the look: those that
    /// are queued now, followed by a mark. If there can be no mark, for want of watches, the last of them counts as newer: it may be
    /// reported twice, and is not lost.
    /// </summary>
    /// <returns>The position to compare records with.</returns>
    public long BeginLook()
    {
        long end = End;
        if (end == Position || end == _markEnd)
        {
            return end;
        }

        if (_kernel.Mark(_inotify) != Errno.Success)
        {
            return end - 1;
        }

        // If something else is queued before the mark, this position matches nothing, and the next look adds another mark.
        _markEnd = end + InotifyRecords.HeaderSize;
        return end;
    }

    /// <summary>
    /// Watches an open file. On failure, or if another file was watched before, the user keeps its old watch. Returns an errno, and whether
    /// it is another file than before.
    /// </summary>
    public int Bind(WatchUser user, OpenFile file, uint mask, out bool isOther)
    {
        long since = BeginLook();
        isOther = false;
        int number = _kernel.AddWatch(_inotify, file, mask, out int errno);
        if (errno != Errno.Success || user.Watch?.Number == number)
        {
            return errno;
        }

        bool isWatched = _watches.TryGetValue(number, out DirectoryWatch? watch);
        if (user.WasWatched)
        {
            isOther = true;
            if (!isWatched)
            {
                _ = _kernel.RemoveWatch(_inotify, number);
            }

            return Errno.Success;
        }

        if (watch is null)
        {
            watch = new DirectoryWatch(number, since);
            _watches.Add(number, watch);
        }

        // Another path of the same tree leads to this directory: a bind mount, or a path that the directory has moved away from.
        foreach (WatchUser other in watch.Users)
        {
            if (user is DirectoryNode && other is DirectoryNode node && other.Tree == user.Tree)
            {
                node.Tree.Scanner.Want(node, ScanWork.Verify);
            }
        }

        watch.Users.Add(user);
        user.Watch = watch;
        user.WasWatched = true;
        user.Since = since;
        return Errno.Success;
    }

    /// <summary>Ends a use of a watch; the last use ends the watch.</summary>
    public void Unbind(WatchUser user)
    {
        if (user.Watch is not { } watch)
        {
            return;
        }

        user.Watch = null;
        watch.Users.Remove(user);
        if (watch.Users.Count == 0)
        {
            _watches.Remove(watch.Number);

            // Fails if the kernel has ended it with its directory: then nothing is left to do.
            _ = _kernel.RemoveWatch(_inotify, watch.Number);
        }
    }

    /// <summary>The kernel has ended a watch, with its directory or its file system.</summary>
    public void Forget(DirectoryWatch watch)
    {
        _watches.Remove(watch.Number);
        foreach (WatchUser user in watch.Users)
        {
            user.Watch = null;
        }
    }

    /// <summary>Reads once. Returns an errno; EAGAIN if nothing is queued.</summary>
    public int Read(out InotifyRecords records)
    {
        int count = _kernel.Read(_inotify, _buffer, out int errno);
        records = new InotifyRecords(_buffer.AsSpan(0, Math.Max(count, 0)), Position);
        Position += Math.Max(count, 0);
        return errno;
    }

    /// <summary>Discards what is queued now, which is bounded by the kernel's limit.</summary>
    public void Discard()
    {
        for (long end = End; Position < end && Read(out _) == Errno.Success;)
        {
        }
    }

    public void Dispose() => _inotify.Dispose();

    /// <summary>
    /// The events to watch for in the directories of a path: that a name leads elsewhere and, if the path is followed, that it leads
    /// somewhere again.
    /// </summary>
    public static uint MaskOfPath(FileTree tree) => InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM | InotifyNative.IN_MOVED_TO
        | (tree.Options.FollowsPath ? InotifyNative.IN_CREATE | InotifyNative.IN_DELETE_SELF | InotifyNative.IN_MOVE_SELF : 0)
        | InotifyNative.IN_ONLYDIR | InotifyNative.IN_EXCL_UNLINK | InotifyNative.IN_MASK_ADD;

    /// <summary>The events to watch for on a single file that is mounted in a tree; 0 if nothing would be reported.</summary>
    public static uint MaskOfFile(FileTree tree)
    {
        uint mask = (tree.Interest.HasFlag(FileInterest.Contents) ? InotifyNative.IN_MODIFY : 0)
            | (tree.Interest.HasFlag(FileInterest.Written) ? InotifyNative.IN_CLOSE_WRITE : 0)
            | (tree.Interest.HasFlag(FileInterest.Attributes) ? InotifyNative.IN_ATTRIB : 0);
        return mask == 0 ? 0 : mask | InotifyNative.IN_MASK_ADD;
    }

    /// <summary>The events to watch for in the directories of a tree.</summary>
    public static uint MaskOf(FileTree tree) =>
        Always
            | (tree.Interest.HasFlag(FileInterest.Contents) ? InotifyNative.IN_MODIFY : 0)
            | (tree.Interest.HasFlag(FileInterest.Written) ? InotifyNative.IN_CLOSE_WRITE : 0)

            // Also the sign that a directory that could not be read may be readable now.
            | (tree.IsRecursive || tree.OnlyName is not null || tree.Interest.HasFlag(FileInterest.Attributes)
                ? InotifyNative.IN_ATTRIB
                : 0);
}
