using Vigil.Interop;

namespace Vigil;

/// <summary>The mounts on a tree's path and within the tree.</summary>
/// <remarks>The kernel lists mounts by paths without links, so this keeps the resolved path of the root. Below the root no link is
/// followed.</remarks>
internal sealed class TreeMounts
{
    private readonly FileTree _tree;
    private string? _root;
    private bool _hasMountsBelow;

    public TreeMounts(FileTree tree) => _tree = tree;

    private MountTable Table => _tree.Set.Mounts;

    /// <summary>The root is watched, and open.</summary>
    public void OnRoot(DirectoryReader root)
    {
        _root = root.RealPath;
        Look();
    }

    /// <summary>Something was mounted or unmounted.</summary>
    /// <param name="changes">The paths, and whether something was unmounted there.</param>
    public void OnChanged(IReadOnlyDictionary<string, bool> changes)
    {
        if (_root is null)
        {
            return;
        }

        Look();
        foreach ((string path, bool isUnmounted) in changes)
        {
            ScanWork work = ScanWork.Verify | (isUnmounted ? ScanWork.Unmounted : ScanWork.Mounted);
            if (IsAtOrBelow(_root, path))
            {
                _tree.Scanner.Want(_tree.Root, work);
            }
            else if (IsAtOrBelow(path, _root)
                && Find(path, out string name) is { } directory
                && directory.Entries.TryGetValue(name, out DirectoryNode? node))
            {
                OnChanged(directory, name, node, work);
            }
        }
    }

    /// <summary>A directory was moved, or moved in: mounts below it have another path now, which the kernel does not report.</summary>
    public void OnMoved() => _tree.Set.NoteMounts();

    /// <summary>A file appeared.</summary>
    public void OnFile(DirectoryNode directory, string name)
    {
        if (_tree.Concerns(name) && IsMountPoint(directory, name))
        {
            Watch(directory, name);
        }
    }

    /// <summary>Whether something is mounted on a directory below the root.</summary>
    public bool IsMountPoint(DirectoryNode node) => node.Parent is { } parent && IsMountPoint(parent, node.Name);

    /// <summary>A file disappeared.</summary>
    public void OnGone(DirectoryNode directory, string name)
    {
        if (directory.MountedFiles?.Find(file => string.Equals(file.Name, name, StringComparison.Ordinal)) is { } file)
        {
            directory.MountedFiles.Remove(file);
            _tree.Set.Watches.Unbind(file);
        }
    }

    private static bool IsAtOrBelow(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal)
            && (path.Length == directory.Length || directory.Length == 1 || path[directory.Length] == '/');

    private bool IsMountPoint(DirectoryNode directory, string name) =>
        _hasMountsBelow && Table.NamesIn(RealPathOf(directory)) is { } names && names.Contains(name);

    private void Look() => _hasMountsBelow = _root is not null && Table.HasBelow(_root);

    private void OnChanged(DirectoryNode directory, string name, DirectoryNode? node, ScanWork work)
    {
        if (node is not null && _tree.IsRecursive)
        {
            _tree.Scanner.Want(node, work);
        }
        else if (node is null)
        {
            OnGone(directory, name);
            OnFile(directory, name);
            _tree.ReportNoted(directory, name, FileChangeKind.Changed, isDirectory: false);
        }
    }

    private void Watch(DirectoryNode directory, string name)
    {
        uint mask = WatchTable.MaskOfFile(_tree);
        if (mask == 0)
        {
            return;
        }

        using OpenFile? open = _tree.Set.Kernel.OpenPath(directory.PathOf(name), out int errno);
        if (open is not null)
        {
            var file = new MountedFile(directory, name);
            errno = _tree.Set.Bind(file, open, mask, out _);
            if (errno == Errno.Success)
            {
                (directory.MountedFiles ??= []).Add(file);
            }
        }

        if (errno is not (Errno.Success or Errno.ENOENT))
        {
            _tree.ReportIncomplete(directory, name, errno);
        }
    }

    private string RealPathOf(DirectoryNode directory) =>
        directory.IsRoot ? _root! : Path.Join(RealPathOf(directory.Parent!), directory.Name);

    // The directory of a path below the root, as far as it is known.
    private DirectoryNode? Find(string path, out string name)
    {
        string[] names = path[_root!.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        DirectoryNode? directory = _tree.Root;
        for (int i = 0; i < names.Length - 1 && directory is not null; i++)
        {
            directory = directory.Entries.GetValueOrDefault(names[i]);
        }

        name = names.Length > 0 ? names[^1] : "";
        return directory;
    }
}
