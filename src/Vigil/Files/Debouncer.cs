using Vigil.Timing;

namespace Vigil;

/// <summary>
/// Combines changes: when nothing has happened to a name for the length of the window, one change is reported, from its state before to its
/// present state.
/// </summary>
/// <remarks>
/// <para>The window is the same for all names, so the name that changed last is due last, and a list in that order is enough for
/// timing.</para>
/// <para>A listener that applies the reported changes in order has a tree of its own, the known one. These invariants relate it to the tree
/// of nodes:</para>
/// <list type="bullet">
/// <item>A name differs between the two only if it is pending in its directory, or is in a directory that left or appeared and is itself
/// pending.</item>
/// <item>A directory that is in both has the same path in both: its move is reported at once. A directory not yet reported just moves with
/// the pending names in it.</item>
/// <item>Before anything is reported about a name, new directories above it are reported. So these may be reported before they are
/// quiet.</item>
/// <item>A directory reported as gone takes what is known below it with it. So pending names in a directory that left are dropped.</item>
/// </list>
/// <para>Changes about the watching itself are reported at once.</para>
/// </remarks>
internal sealed class Debouncer
{
    private readonly long _window;
    private readonly Action<FileChange> _settled;
    private readonly LinkedList<PendingChange> _pending = new();

    /// <param name="window">How long a name must be quiet, in nanoseconds.</param>
    /// <param name="settled">Receives the combined changes.</param>
    public Debouncer(long window, Action<FileChange> settled)
    {
        _window = window;
        _settled = settled;
    }

    /// <summary>When the next name settles if nothing happens to it; <see cref="TimingWheel.Never"/> if none is pending.</summary>
    public long Deadline => _pending.First?.Value.Deadline ?? TimingWheel.Never;

    /// <summary>A name appeared.</summary>
    public void Create(DirectoryNode directory, string name, bool isDirectory, bool isWriterUnknown, long now) =>
        Touch(directory, name, existed: false, wasDirectory: isDirectory, now).Create(isDirectory, isWriterUnknown);

    /// <summary>A name is gone.</summary>
    public void Delete(DirectoryNode directory, string name, bool wasDirectory, long now)
    {
        PendingChange pending = Touch(directory, name, existed: true, wasDirectory, now);
        pending.Delete();
        if (!pending.Existed)
        {
            // It came and went.
            Forget(pending);
        }
    }

    /// <summary>Something happened to the file or directory of a name.</summary>
    public void Note(DirectoryNode directory, string name, FileChangeKind kind, bool isDirectory, long now) =>
        Touch(directory, name, existed: true, isDirectory, now).Note(kind);

    /// <summary>
    /// A file was renamed. A rename alone is reported as one; after anything else that happened to either name it is a deletion and a
    /// creation.
    /// </summary>
    /// <param name="from">Its old directory.</param>
    /// <param name="oldName">Its name there.</param>
    /// <param name="to">Its new directory.</param>
    /// <param name="newName">Its name there.</param>
    /// <param name="replaced">What had the new name before.</param>
    /// <param name="isWritten">Whether it is also reported as written.</param>
    /// <param name="now">The time.</param>
    public void MoveFile(
        DirectoryNode from,
        string oldName,
        DirectoryNode to,
        string newName,
        ReplacedEntry replaced,
        bool isWritten,
        long now)
    {
        bool isRenameOnly = replaced == ReplacedEntry.None && Find(from, oldName) is null && Find(to, newName) is null;
        PendingChange source = Touch(from, oldName, existed: true, wasDirectory: false, now);
        source.Delete();
        PendingChange target = Replace(to, newName, replaced, isDirectory: false, now);
        if (isWritten)
        {
            target.Note(FileChangeKind.Written);
        }

        if (isRenameOnly)
        {
            source.MovedTo = target;
            target.MovedFrom = source;
        }
        else if (!source.Existed)
        {
            Forget(source);
        }
    }

    /// <summary>A directory was renamed. Its node is still in its old place.</summary>
    public void MoveDirectory(DirectoryNode from, string oldName, DirectoryNode to, string newName, ReplacedEntry replaced, long now)
    {
        PendingChange? source = Find(from, oldName);
        if (source is { IsNew: true })
        {
            // Not known yet: it will be reported by its new name, with its contents.
            Delete(from, oldName, wasDirectory: true, now);
            Replace(to, newName, replaced, isDirectory: true, now);
            return;
        }

        // The move replaces what is known by the new name.
        if (Find(to, newName) is { } target)
        {
            target.ForgetMove();
            Forget(target);
        }

        ReportAbove(to);
        _settled(new FileChange(FileChangeKind.Moved, to.PathOf(newName), from.PathOf(oldName), IsDirectory: true));
        if (source is not null)
        {
            Forget(source);
            Note(to, newName, source.Kind ?? FileChangeKind.AttributesChanged, isDirectory: true, now);
        }
    }

    /// <summary>A rescan found a name. That is reported at once and replaces what was pending for it.</summary>
    public void Find(DirectoryNode directory, string name, in FileChange found)
    {
        ReportAbove(directory);
        if (Find(directory, name) is { } pending)
        {
            pending.ForgetMove();
            Forget(pending);
            if (!pending.Exists)
            {
                pending.Create(found.IsDirectory);
            }

            if (pending.Existed && pending.IsNew)
            {
                _settled(new FileChange(FileChangeKind.Deleted, pending.Path, IsDirectory: pending.WasDirectory));
            }
        }

        _settled(found);
    }

    /// <summary>Reports the names that have been quiet for long enough, as many as a budget allows.</summary>
    public void Settle(long now, ref int budget)
    {
        while (budget > 0 && _pending.First is { } first && first.Value.Deadline <= now)
        {
            budget--;
            Settle(first.Value);
        }
    }

    /// <summary>Reports a directory and those above it, as far as they are not known.</summary>
    public void ReportAbove(DirectoryNode directory)
    {
        if (directory.Parent is { } parent)
        {
            ReportAbove(parent);
            if (Find(parent, directory.Name) is { IsNew: true } pending)
            {
                Forget(pending);
                Report(pending);
            }
        }
    }

    private static PendingChange? Find(DirectoryNode directory, string name) =>
        directory.Pending is { } pending && pending.TryGetValue(name, out LinkedListNode<PendingChange>? node) ? node.Value : null;

    private PendingChange Replace(DirectoryNode directory, string name, ReplacedEntry replaced, bool isDirectory, long now)
    {
        PendingChange pending = Touch(
            directory,
            name,
            existed: replaced != ReplacedEntry.None,
            wasDirectory: replaced == ReplacedEntry.Directory,
            now);
        pending.Delete();
        pending.Create(isDirectory);
        return pending;
    }

    private PendingChange Touch(DirectoryNode directory, string name, bool existed, bool wasDirectory, long now)
    {
        directory.Pending ??= new Dictionary<string, LinkedListNode<PendingChange>>(StringComparer.Ordinal);
        if (directory.Pending.TryGetValue(name, out LinkedListNode<PendingChange>? node))
        {
            _pending.Remove(node);
            node.Value.ForgetMove();
        }
        else
        {
            node = new LinkedListNode<PendingChange>(new PendingChange(directory, name, existed, wasDirectory));
            directory.Pending.Add(name, node);
        }

        node.Value.Deadline = Nanoseconds.Add(now, _window);
        _pending.AddLast(node);
        return node.Value;
    }

    private void Settle(PendingChange pending)
    {
        Forget(pending);
        if (pending.Directory.IsDetached)
        {
            // Gone with its directory. A file that was moved out of it counts as new in its new place.
            pending.ForgetMove();
        }
        else if (pending.MovedTo is { } target)
        {
            Forget(target);
            if (target.Directory.IsDetached)
            {
                pending.ForgetMove();
            }
            else
            {
                ReportAbove(target.Directory);
            }

            Report(pending);
        }
        else
        {
            ReportAbove(pending.Directory);
            Report(pending);
        }
    }

    private void Report(PendingChange pending)
    {
        if (pending.MovedTo is { } target)
        {
            _settled(new FileChange(FileChangeKind.Moved, target.Path, pending.Path));
            ReportWritten(target);
            return;
        }

        if (pending.Existed && (!pending.Exists || pending.IsNew))
        {
            _settled(new FileChange(FileChangeKind.Deleted, pending.Path, IsDirectory: pending.WasDirectory));
        }

        if (pending.IsNew)
        {
            _settled(new FileChange(FileChangeKind.Created, pending.Path, IsDirectory: pending.IsDirectory)
            {
                IsWriterUnknown = pending.IsWriterUnknown,
            });
        }
        else if (pending is { Exists: true, Kind: { } kind } && !(pending.IsWritten && kind == FileChangeKind.AttributesChanged))
        {
            _settled(new FileChange(kind, pending.Path, IsDirectory: pending.IsDirectory));
        }

        ReportWritten(pending);
    }

    private void ReportWritten(PendingChange pending)
    {
        if (pending is { Exists: true, IsWritten: true })
        {
            _settled(new FileChange(FileChangeKind.Written, pending.Path));
        }
    }

    private void Forget(PendingChange pending)
    {
        if (pending.Directory.Pending is { } names && names.Remove(pending.Name, out LinkedListNode<PendingChange>? node))
        {
            _pending.Remove(node);
            if (names.Count == 0)
            {
                pending.Directory.Pending = null;
            }
        }
    }
}

/// <summary>What a move has replaced.</summary>
internal enum ReplacedEntry
{
    None,
    File,
    Directory,
}
