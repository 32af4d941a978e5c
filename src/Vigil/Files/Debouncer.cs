using Vigil.Timing;

namespace Vigil.Files;

/// <summary>
/// Puts changes together: when nothing has happened to a path for as long as the window, one change is told of it, by what it was before and what
/// it is now.
/// </summary>
/// <remarks>
/// The window is the same for all, so the path that changed last is due last, and a list in that order is all the timing there is.
/// What concerns more than one path's contents is told at once: a directory's move, after what was pending of the paths that it changes, and all that
/// is about the watching itself.
/// </remarks>
internal sealed class Debouncer
{
    private readonly long _window;
    private readonly Action<FileChange> _settled;
    private readonly LinkedList<PendingChange> _pending = new();
    private readonly Dictionary<string, LinkedListNode<PendingChange>> _byPath = new(StringComparer.Ordinal);

    /// <param name="window">How long a path must be quiet, in nanoseconds.</param>
    /// <param name="settled">Is told what came of it.</param>
    public Debouncer(long window, Action<FileChange> settled)
    {
        _window = window;
        _settled = settled;
    }

    /// <summary>When the next path settles if nothing happens to it; <see cref="TimingWheel.Never"/> if none is pending.</summary>
    public long Deadline => _pending.First?.Value.Deadline ?? TimingWheel.Never;

    /// <summary>Something has happened.</summary>
    /// <param name="change">What.</param>
    /// <param name="replaced">Of a move, what had the new name before.</param>
    /// <param name="now">When.</param>
    public void Add(in FileChange change, ReplacedEntry replaced, long now)
    {
        switch (change.Kind)
        {
            case FileChangeKind.Created:
                Touch(change.Path, existed: false, wasDirectory: change.IsDirectory, now).Create(change.IsDirectory);
                break;
            case FileChangeKind.Deleted:
                Touch(change.Path, existed: true, change.IsDirectory, now).Exists = false;
                break;
            case FileChangeKind.Changed or FileChangeKind.AttributesChanged or FileChangeKind.Written:
                Touch(change.Path, existed: true, change.IsDirectory, now).Note(change.Kind);
                break;
            case FileChangeKind.Moved when !change.IsDirectory:
                MoveFile(change.OldPath!, change.Path, replaced, now);
                break;
            case FileChangeKind.Moved:
                FlushBelow(change.OldPath!);
                FlushBelow(change.Path);
                _settled(change);
                break;
            case FileChangeKind.RootDeleted or FileChangeKind.RootMoved or FileChangeKind.Unmounted:
                Flush();
                _settled(change);
                break;
            default:
                _settled(change);
                break;
        }
    }

    /// <summary>Tells of the paths that have been quiet for long enough.</summary>
    public void Settle(long now)
    {
        while (_pending.First is { } first && first.Value.Deadline <= now)
        {
            Settle(first);
        }
    }

    /// <summary>Tells of every path as things stand.</summary>
    public void Flush()
    {
        while (_pending.First is { } first)
        {
            Settle(first);
        }
    }

    private void FlushBelow(string directory)
    {
        string below = directory + '/';
        LinkedListNode<PendingChange>? node = _pending.First;
        while (node is not null)
        {
            LinkedListNode<PendingChange>? next = node.Next;
            string path = node.Value.Path;
            if (path.StartsWith(below, StringComparison.Ordinal) || string.Equals(path, directory, StringComparison.Ordinal))
            {
                // A move has two paths, of which the other may be the next in the list.
                next = next?.Value == node.Value.MovedTo ? next?.Next : next;
                Settle(node);
            }

            node = next;
        }
    }

    // A rename and nothing else is told as one. Whatever else happens to either name makes it an end and a beginning.
    private void MoveFile(string oldPath, string path, ReplacedEntry replaced, long now)
    {
        bool isRenameOnly = replaced == ReplacedEntry.None && !_byPath.ContainsKey(oldPath) && !_byPath.ContainsKey(path);
        PendingChange source = Touch(oldPath, existed: true, wasDirectory: false, now);
        PendingChange target = Touch(path, existed: replaced != ReplacedEntry.None, wasDirectory: replaced == ReplacedEntry.Directory, now);
        source.Exists = false;
        target.Create(isDirectory: false);
        if (isRenameOnly)
        {
            source.MovedTo = target;
            target.MovedFrom = source;
        }
    }

    private PendingChange Touch(string path, bool existed, bool wasDirectory, long now)
    {
        if (_byPath.TryGetValue(path, out LinkedListNode<PendingChange>? node))
        {
            _pending.Remove(node);
            node.Value.ForgetMove();
        }
        else
        {
            node = new LinkedListNode<PendingChange>(new PendingChange(path, existed, wasDirectory));
            _byPath.Add(path, node);
        }

        node.Value.Deadline = Nanoseconds.Add(now, _window);
        _pending.AddLast(node);
        return node.Value;
    }

    private void Settle(LinkedListNode<PendingChange> node)
    {
        PendingChange pending = node.Value;
        Forget(node);
        if (pending.MovedFrom is { } source)
        {
            // Only when they are told before their time: the source is before its target in the list.
            Forget(_byPath[source.Path]);
            pending = source;
        }
        else if (pending.MovedTo is { } target)
        {
            Forget(_byPath[target.Path]);
        }

        Tell(pending);
    }

    private void Tell(PendingChange pending)
    {
        if (pending.MovedTo is { } target)
        {
            _settled(new FileChange(FileChangeKind.Moved, target.Path, pending.Path));
            return;
        }

        bool isOther = pending.Existed && pending.Exists && pending.WasDirectory != pending.IsDirectory;
        if (pending.Existed && (isOther || !pending.Exists))
        {
            _settled(new FileChange(FileChangeKind.Deleted, pending.Path, IsDirectory: pending.WasDirectory));
        }

        if (pending.Exists && (isOther || !pending.Existed))
        {
            _settled(new FileChange(FileChangeKind.Created, pending.Path, IsDirectory: pending.IsDirectory));
        }
        else if (pending.Existed && pending.Exists)
        {
            _settled(new FileChange(pending.Kind, pending.Path, IsDirectory: pending.IsDirectory));
        }
    }

    private void Forget(LinkedListNode<PendingChange> node)
    {
        _pending.Remove(node);
        _byPath.Remove(node.Value.Path);
    }
}

/// <summary>What a move has put something in the place of.</summary>
internal enum ReplacedEntry
{
    None,
    File,
    Directory,
}
