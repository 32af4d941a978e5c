using System.Diagnostics.CodeAnalysis;

namespace Vigil.Testing;

/// <summary>
/// The files and directories of a world, in memory. File events of its loops watch these: what a test, a client or a callback changes here
/// is reported as <c>inotify(7)</c> does it. The machine's own files are not there.
/// </summary>
/// <remarks>
/// Paths are absolute. There are no links, mounts, owners and permissions. A missing path and the like is an
/// <see cref="IOException"/>, as from <see cref="File"/> and <see cref="Directory"/>.
/// </remarks>
public sealed class WorldDirectories
{
    private static readonly TimeSpan LongestMove = TimeSpan.FromMilliseconds(20);

    private readonly World _world;
    private readonly FileNode _root;
    private readonly List<FileQueue> _queues = [];
    private uint _lastCookie;
    private Action? _restOfMove;

    internal WorldDirectories(World world)
    {
        _world = world;
        _root = new FileNode(world, isDirectory: true) { IsRoot = true };
    }

    /// <summary>
    /// How many records wait in a queue; further ones are lost (<c>max_queued_events</c>). 1 or more. Default: 16,384, as the kernel's.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1.</exception>
    public int QueueLimit
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 16_384;

    /// <summary>How many watches there may be in all loops, one a directory (<c>max_user_watches</c>). Default: 1,048,576.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public int WatchLimit
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 1 << 20;

    /// <summary>How many watches there are.</summary>
    public int WatchCount => _queues.Sum(queue => queue.WatchCount);

    /// <summary>Whether something has a path.</summary>
    /// <param name="path">The path.</param>
    public bool Exists(string path) => TryFind(NamesOf(path), out _) == 0;

    /// <summary>Whether a path is a directory's.</summary>
    /// <param name="path">The path.</param>
    public bool IsDirectory(string path) => TryFind(NamesOf(path), out FileNode? node) == 0 && node!.IsDirectory;

    /// <summary>The names in a directory, in their order.</summary>
    /// <param name="path">The directory.</param>
    /// <returns>The names.</returns>
    /// <exception cref="IOException">It is no directory.</exception>
    public IReadOnlyList<string> List(string path) => [.. DirectoryOf(NamesOf(path)).Entries.Keys];

    /// <summary>What a file contains.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A copy.</returns>
    /// <exception cref="IOException">It is no file.</exception>
    public byte[] ReadFile(string path) => [.. FileOf(path).Contents];

    /// <summary>Creates a directory, and those above it that do not exist. Does nothing if it exists.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="IOException">A file has the path, or one of the paths above it.</exception>
    public void CreateDirectory(string path)
    {
        Begin("create the directory", path);
        FileNode node = _root;
        foreach (string name in NamesOf(path))
        {
            if (!node.Entries.TryGetValue(name, out FileNode? next))
            {
                next = new FileNode(_world, isDirectory: true);
                node.Add(name, next);
                Report(node, FileEvents.Create | FileEvents.IsDirectory, cookie: 0, name);
            }

            node = next.IsDirectory ? next : throw new IOException($"{path} cannot be created: {next.Path} is a file.");
        }
    }

    /// <summary>
    /// Writes a file: opens it, or creates it, cuts it, writes once and closes it. <see cref="OpenWriter"/> is for several steps.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="contents">What it contains then.</param>
    /// <exception cref="IOException">It is a directory, or its directory does not exist.</exception>
    public void WriteFile(string path, ReadOnlySpan<byte> contents)
    {
        using SimulatedWriter writer = OpenWriter(path);
        writer.Write(contents);
    }

    /// <summary>Opens a file for writing, and creates it if it does not exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="append">Whether what it contains stays.</param>
    /// <returns>The open file. The caller disposes it.</returns>
    /// <exception cref="IOException">It is a directory, or its directory does not exist.</exception>
    public SimulatedWriter OpenWriter(string path, bool append = false)
    {
        Begin("open", path);
        (FileNode directory, string name) = PlaceOf(path);
        if (!directory.Entries.TryGetValue(name, out FileNode? node))
        {
            node = new FileNode(_world, isDirectory: false);
            directory.Add(name, node);
            Report(directory, FileEvents.Create, cookie: 0, name);
        }
        else if (node.IsDirectory)
        {
            throw new IOException($"{path} is a directory.");
        }
        else if (!append && node.Contents.Count > 0)
        {
            node.Contents.Clear();
            Report(node, FileEvents.Modify);
        }

        return new SimulatedWriter(this, node);
    }

    /// <summary>Says that permissions, times or the like have changed.</summary>
    /// <param name="path">The file or directory.</param>
    /// <exception cref="IOException">It does not exist.</exception>
    public void SetAttributes(string path)
    {
        Begin("set the attributes of", path);
        Report(NodeOf(path), FileEvents.Attributes);
    }

    /// <summary>
    /// Renames a file or directory, in one step (<c>rename(2)</c>): a file that has the new path is replaced, and so is an empty directory
    /// by a directory.
    /// </summary>
    /// <param name="path">Its path.</param>
    /// <param name="newPath">Its new path.</param>
    /// <exception cref="IOException">
    /// It does not exist, the new directory does not exist or is below it, or what has the new path cannot be replaced by it.
    /// </exception>
    public void Move(string path, string newPath)
    {
        Begin("move", $"{path} to {newPath}");
        (FileNode from, string name) = PlaceOf(path);
        FileNode node = from.Entries.GetValueOrDefault(name) ?? throw NotFound(path);
        (FileNode to, string newName) = PlaceOf(newPath);
        FileNode? replaced = to.Entries.GetValueOrDefault(newName);
        if (replaced == node)
        {
            return;
        }

        if (to.IsAtOrBelow(node))
        {
            throw new IOException($"{path} cannot be moved to {newPath}, which is below it.");
        }

        if (replaced is not null)
        {
            RequireReplaceable(node, replaced, newPath);
            to.Remove(newName);
            replaced.Pin(to);
        }

        from.Remove(name);
        to.Add(newName, node);
        uint cookie = ++_lastCookie;
        uint kind = node.IsDirectory ? FileEvents.IsDirectory : 0;
        Report(from, FileEvents.MovedFrom | kind, cookie, name);
        _restOfMove = () =>
        {
            Report(to, FileEvents.MovedTo | kind, cookie, newName);
            if (replaced is not null)
            {
                ReportSelf(replaced, FileEvents.Attributes | kind);
            }

            ReportSelf(node, FileEvents.MoveSelf);
            if (replaced is not null)
            {
                EndIfUnused(replaced);
            }
        };
        if (_world.Faults.Happens(FaultKinds.SplitMove))
        {
            Action rest = _restOfMove;
            _world.Schedule(_world.Random.Next(TimeSpan.Zero, LongestMove), () =>
            {
                if (_restOfMove == rest)
                {
                    FinishMove();
                }
            });
        }
        else
        {
            FinishMove();
        }
    }

    /// <summary>Deletes a file or directory.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="recursive">Whether a directory is deleted with what is in it, one after the other, from below.</param>
    /// <exception cref="IOException">It does not exist, or is a directory that is not empty.</exception>
    public void Delete(string path, bool recursive = false)
    {
        Begin("delete", path);
        FileNode node = NodeOf(path);
        if (node.IsRoot)
        {
            throw new IOException("/ cannot be deleted.");
        }

        if (node.IsDirectory && node.Entries.Count > 0 && !recursive)
        {
            throw new IOException($"{path} cannot be deleted: it is not empty.");
        }

        Delete(node);
    }

    internal FileNode? Find(string path, out int errno)
    {
        FinishMove();
        errno = TryFind(NamesOf(path), out FileNode? node);
        return node;
    }

    internal FileQueueHandle? CreateQueue(out int errno)
    {
        _world.RequireThread();
        FileQueue queue = new(_world, this);
        try
        {
            FileQueueHandle handle = new(_world, queue);
            _queues.Add(queue);
            errno = 0;
            return handle;
        }
        catch (IOException)
        {
            errno = SimulatedErrno.EMFILE;
            return null;
        }
    }

    /// <summary>
    /// Reports the rest of a move of which only the first half is. Whoever looks at directories, or changes anything, waits for that: the
    /// kernel holds their locks meanwhile.
    /// </summary>
    internal void FinishMove()
    {
        Action? rest = _restOfMove;
        _restOfMove = null;
        rest?.Invoke();
    }

    internal void Forget(FileQueue queue) => _queues.Remove(queue);

    internal void Write(FileNode node, ReadOnlySpan<byte> bytes)
    {
        Begin("write to", node.Path ?? node.Name);
        node.Contents.AddRange(bytes);
        Report(node, FileEvents.Modify);
    }

    internal void Close(FileNode node)
    {
        Begin("close", node.Path ?? node.Name);
        Report(node, FileEvents.CloseWrite);
        node.Writers--;
        EndIfUnused(node);
    }

    private static string[] NamesOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.IsPathRooted(path)
            ? Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries)
            : throw new ArgumentException($"{path} is no absolute path: a world has no current directory.", nameof(path));
    }

    private static FileNotFoundException NotFound(string path) => new($"{path} does not exist in this world.");

    private static void RequireReplaceable(FileNode node, FileNode replaced, string path)
    {
        if (node.IsDirectory != replaced.IsDirectory || (replaced.IsDirectory && replaced.Entries.Count > 0))
        {
            string kind = replaced.IsDirectory ? "a directory, perhaps not empty" : "a file";
            throw new IOException($"{path} cannot be replaced: it is {kind}.");
        }
    }

    private void Begin(string what, string path)
    {
        _world.RequireThread();
        FinishMove();
        _world.History.Add(HistoryKind.File, $"{what} {path}");
    }

    private static void Delete(FileNode node)
    {
        foreach (FileNode entry in node.IsDirectory ? [.. node.Entries.Values] : Array.Empty<FileNode>())
        {
            Delete(entry);
        }

        (FileNode directory, string name) = (node.Parent!, node.Name);
        directory.Remove(name);
        node.Pin(directory);
        if (!node.IsDirectory)
        {
            // The number of its names.
            ReportSelf(node, FileEvents.Attributes);
        }

        EndIfUnused(node);
        Report(directory, FileEvents.Delete | (node.IsDirectory ? FileEvents.IsDirectory : 0), cookie: 0, name);
    }

    // What has no name any more, and is not open, is gone: whoever watches it is told.
    private static void EndIfUnused(FileNode node)
    {
        if (node.Parent is not null || node.Writers > 0 || node.Pins > 0)
        {
            return;
        }

        ReportSelf(node, FileEvents.DeleteSelf);
        foreach (FileWatch watch in node.Watches.ToArray())
        {
            watch.Queue.End(watch);
        }

        if (node.Unpin() is { } directory)
        {
            EndIfUnused(directory);
        }
    }

    // To those who watch its directory, unless its name is gone, and to those who watch it itself.
    private static void Report(FileNode node, uint mask)
    {
        uint kind = node.IsDirectory ? FileEvents.IsDirectory : 0;
        if (node.Parent is { } directory)
        {
            Report(directory, mask | kind, cookie: 0, node.Name);
        }

        ReportSelf(node, mask | kind);
    }

    private static void ReportSelf(FileNode node, uint mask) => Report(node, mask, cookie: 0, name: null);

    private static void Report(FileNode watched, uint mask, uint cookie, string? name)
    {
        foreach (FileWatch watch in watched.Watches)
        {
            watch.Queue.Report(watch, mask, cookie, name);
        }
    }

    private int TryFind(string[] names, [NotNullWhen(true)] out FileNode? node)
    {
        _world.RequireThread();
        node = _root;
        foreach (string name in names)
        {
            if (!node.IsDirectory)
            {
                node = null;
                return SimulatedErrno.ENOTDIR;
            }

            if (!node.Entries.TryGetValue(name, out node))
            {
                return SimulatedErrno.ENOENT;
            }
        }

        return 0;
    }

    private FileNode NodeOf(string path) => TryFind(NamesOf(path), out FileNode? node) == 0 ? node! : throw NotFound(path);

    private FileNode FileOf(string path) =>
        NodeOf(path) is { IsRegular: true } file ? file : throw new IOException($"{path} is a directory.");

    private FileNode DirectoryOf(string[] names)
    {
        string path = "/" + string.Join('/', names);
        return TryFind(names, out FileNode? node) != 0 ? throw new DirectoryNotFoundException($"{path} does not exist in this world.")
            : node!.IsDirectory ? node
            : throw new IOException($"{path} is a file.");
    }

    private (FileNode Directory, string Name) PlaceOf(string path)
    {
        string[] names = NamesOf(path);
        return names.Length > 0 ? (DirectoryOf(names[..^1]), names[^1]) : throw new IOException("/ is a directory.");
    }
}
