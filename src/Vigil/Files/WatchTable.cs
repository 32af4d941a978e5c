using System.Diagnostics.CodeAnalysis;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>The watches of one inotify instance, by number, and the reading of its queue.</summary>
/// <remarks>
/// <para>A watch lives as long as it has users. Its mask only grows, since the kernel can be asked to add to a mask without naming the
/// directory wrongly (<c>IN_MASK_ADD</c>), but not to take away from one.</para>
/// <para>A watch that was ended has records in the queue still. Its number is unknown from then on; should the kernel give it out again,
/// the position in the stream of records tells the old ones from the new ones.</para>
/// </remarks>
internal sealed class WatchTable : IDisposable
{
    // What a directory of a tree is always watched for.
    private const uint Always = InotifyNative.IN_CREATE | InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM | InotifyNative.IN_MOVED_TO
        | InotifyNative.IN_DELETE_SELF | InotifyNative.IN_MOVE_SELF
        | InotifyNative.IN_ONLYDIR | InotifyNative.IN_EXCL_UNLINK | InotifyNative.IN_MASK_ADD;

    // Some 500 events with names of usual length; the rest comes in the next iteration.
    private const int ReadSize = 16 * 1024;

    private readonly Dictionary<int, DirectoryWatch> _watches = [];
    private readonly byte[] _buffer = new byte[ReadSize];
    private readonly FdHandle _inotify;

    // The end of the last mark.
    private long _markEnd;

    /// <exception cref="EventManagerException">The kernel refused.</exception>
    public WatchTable()
    {
        int fd = InotifyNative.Create(out int errno);
        _inotify = fd >= 0 ? new FdHandle(fd) : throw FileErrors.OfInstance(errno);
    }

    public FdHandle Fd => _inotify;

    public int Count => _watches.Count;

    /// <summary>Where the next record is that is read: how many bytes came before it.</summary>
    public long Position { get; private set; }

    /// <summary>Where the next record will be that the kernel queues.</summary>
    public long End => Position + Math.Max(FileNative.BytesToRead(Number), 0);

    private int Number => (int)_inotify.DangerousGetHandle();

    public bool TryGet(int number, long position, [NotNullWhen(true)] out DirectoryWatch? watch) =>
        _watches.TryGetValue(number, out watch) && position >= watch.Since;

    /// <summary>
    /// Called before a look at the disk. Of which records <see cref="InotifyRecord.IsBefore"/> says that they are older than the look: those that are queued now, behind which
    /// a mark is put. Where none can be put, for want of watches, the last of them counts as newer: what it says may be told once too often, and is not lost.
    /// </summary>
    public long BeginLook()
    {
        long end = End;
        if (end == Position || end == _markEnd)
        {
            return end;
        }

        if (InotifyNative.Mark(Number) != Errno.Success)
        {
            return end - 1;
        }

        // Where something else is queued before the mark, this is nowhere, and the next look puts another.
        _markEnd = end + InotifyRecords.HeaderSize;
        return end;
    }

    /// <summary>
    /// Watches what is open. If that fails, or if what was watched before is another file, the user keeps what it had. Returns an errno, and whether it is
    /// another file than before.
    /// </summary>
    public int Bind(WatchUser user, int fd, uint mask, out bool isOther)
    {
        long since = BeginLook();
        isOther = false;
        int number = InotifyNative.AddWatch(Number, fd, mask, out int errno);
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
                _ = InotifyNative.RemoveWatch(Number, number);
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

    /// <summary>Ends a use of a watch, and the watch with the last.</summary>
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

            // Fails where the kernel has ended it with its directory: nothing is left to be done then.
            _ = InotifyNative.RemoveWatch(Number, watch.Number);
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

    /// <summary>Reads once. Returns an errno; EAGAIN where nothing is queued.</summary>
    public int Read(out InotifyRecords records)
    {
        int count = FileNative.Read(Number, _buffer, out int errno);
        records = new InotifyRecords(_buffer.AsSpan(0, Math.Max(count, 0)), Position);
        Position += Math.Max(count, 0);
        return errno;
    }

    /// <summary>Throws away what is queued now, which is no more than the kernel's limit of it.</summary>
    public void Discard()
    {
        for (long end = End; Position < end && Read(out _) == Errno.Success;)
        {
        }
    }

    public void Dispose() => _inotify.Dispose();

    /// <summary>What the directories of a path are watched for: that a name leads elsewhere, and where the path is followed, that it comes to lead somewhere.</summary>
    public static uint MaskOfPath(FileTree tree) => InotifyNative.IN_DELETE | InotifyNative.IN_MOVED_FROM | InotifyNative.IN_MOVED_TO
        | (tree.Options.FollowsPath ? InotifyNative.IN_CREATE | InotifyNative.IN_DELETE_SELF | InotifyNative.IN_MOVE_SELF : 0)
        | InotifyNative.IN_ONLYDIR | InotifyNative.IN_EXCL_UNLINK | InotifyNative.IN_MASK_ADD;

    /// <summary>What a single file that is mounted in a tree is watched for; 0 if nothing would be told.</summary>
    public static uint MaskOfFile(FileTree tree)
    {
        uint mask = (tree.Interest.HasFlag(FileInterest.Contents) ? InotifyNative.IN_MODIFY : 0)
            | (tree.Interest.HasFlag(FileInterest.Written) ? InotifyNative.IN_CLOSE_WRITE : 0)
            | (tree.Interest.HasFlag(FileInterest.Attributes) ? InotifyNative.IN_ATTRIB : 0);
        return mask == 0 ? 0 : mask | InotifyNative.IN_MASK_ADD;
    }

    /// <summary>What the directories of a tree are watched for.</summary>
    public static uint MaskOf(FileTree tree) =>
        Always
            | (tree.Interest.HasFlag(FileInterest.Contents) ? InotifyNative.IN_MODIFY : 0)
            | (tree.Interest.HasFlag(FileInterest.Written) ? InotifyNative.IN_CLOSE_WRITE : 0)

            // Also the sign that what could not be looked at may be readable now.
            | (tree.IsRecursive || tree.OnlyName is not null || tree.Interest.HasFlag(FileInterest.Attributes) ? InotifyNative.IN_ATTRIB : 0);
}
