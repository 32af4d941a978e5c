using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The mount points, as the kernel lists them (<c>/proc/thread-self/mountinfo</c>, <c>proc_pid_mountinfo(5)</c>). inotify does not report a
/// mount, and reports an unmount only if the file system itself goes; so the list is read again whenever the kernel reports a change.
/// </summary>
internal sealed class MountTable : IDisposable
{
    private readonly FileKernel _kernel;
    private readonly FdHandle? _list;
    private HashSet<Mount> _mounts;
    private Dictionary<string, HashSet<string>> _names;
    private byte[] _buffer = new byte[16 * 1024];

    /// <param name="kernel">Whom it asks.</param>
    /// <exception cref="EventManagerException">There is no file descriptor for it, or it cannot be read.</exception>
    public MountTable(FileKernel kernel)
    {
        _kernel = kernel;
        _list = kernel.OpenMounts(out int errno);
        if (errno is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM)
        {
            throw FileErrors.OfDirectory(kernel, "/proc/thread-self/mountinfo", errno);
        }

        errno = Read(out _mounts);
        if (errno != Errno.Success)
        {
            _list!.Dispose();
            throw FileErrors.OfDirectory(kernel, "/proc/thread-self/mountinfo", errno);
        }

        _names = NamesOf(_mounts);
    }

    /// <summary>The list, which reports <see cref="EventSet.Priority"/> at each change; null if it is not available.</summary>
    public FdHandle? Fd => _list;

    /// <summary>Reads the list again. Returns an errno; on failure the old list stays.</summary>
    /// <param name="paths">The paths where something was mounted or unmounted, and whether something was unmounted there.</param>
    public int Update(out IReadOnlyDictionary<string, bool> paths)
    {
        var changes = new Dictionary<string, bool>(StringComparer.Ordinal);
        paths = changes;
        int errno = Read(out HashSet<Mount> mounts);
        if (errno != Errno.Success)
        {
            return errno;
        }

        foreach (Mount mount in mounts)
        {
            if (!_mounts.Contains(mount))
            {
                changes[mount.Path] = false;
            }
        }

        foreach (Mount mount in _mounts)
        {
            if (!mounts.Contains(mount))
            {
                changes[mount.Path] = true;
            }
        }

        if (changes.Count > 0)
        {
            _mounts = mounts;
            _names = NamesOf(mounts);
        }

        return Errno.Success;
    }

    /// <summary>Whether something is mounted below a directory.</summary>
    public bool HasBelow(string directory) => _mounts.Any(mount =>
        mount.Path.Length > directory.Length
            && mount.Path.StartsWith(directory, StringComparison.Ordinal)
            && (directory.Length == 1 || mount.Path[directory.Length] == '/'));

    /// <summary>The mount points among the names in a directory; null if there are none.</summary>
    public IReadOnlySet<string>? NamesIn(string directory) => _names.GetValueOrDefault(directory);

    public void Dispose() => _list?.Dispose();

    private static Dictionary<string, HashSet<string>> NamesOf(HashSet<Mount> mounts)
    {
        var names = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (Mount mount in mounts)
        {
            if (Path.GetDirectoryName(mount.Path) is { } directory)
            {
                if (!names.TryGetValue(directory, out HashSet<string>? inDirectory))
                {
                    names.Add(directory, inDirectory = new HashSet<string>(StringComparer.Ordinal));
                }

                inDirectory.Add(Path.GetFileName(mount.Path));
            }
        }

        return names;
    }

    // A line: number, number of the parent, device, root, path, and more, separated by blanks. The first four identify the mount: numbers
    // are reused, so the number alone does not.
    private static bool TryParse(ReadOnlySpan<byte> line, out Mount mount)
    {
        ReadOnlySpan<byte> rest = line;
        for (int i = 0; i < 4; i++)
        {
            TakeField(ref rest);
        }

        string identity = FileName.Decode(line[..^rest.Length]);
        ReadOnlySpan<byte> path = TakeField(ref rest);
        mount = new Mount(identity, FileName.Decode(Unescape(path)));
        return !path.IsEmpty;
    }

    private static ReadOnlySpan<byte> TakeField(ref ReadOnlySpan<byte> line)
    {
        int end = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> field = end < 0 ? line : line[..end];
        line = end < 0 ? [] : line[(end + 1)..];
        return field;
    }

    // Blanks, tabs, line ends and backslashes are written as a backslash and three octal digits.
    private static byte[] Unescape(ReadOnlySpan<byte> path)
    {
        byte[] bytes = new byte[path.Length];
        int length = 0;
        while (!path.IsEmpty)
        {
            bool isEscape = path[0] == '\\' && path.Length >= 4;
            bytes[length++] = isEscape ? (byte)(((path[1] - '0') * 64) + ((path[2] - '0') * 8) + (path[3] - '0')) : path[0];
            path = path[(isEscape ? 4 : 1)..];
        }

        return bytes[..length];
    }

    private int Read(out HashSet<Mount> mounts)
    {
        mounts = [];
        if (_list is null)
        {
            return Errno.Success;
        }

        int length = 0;
        while (true)
        {
            int count = _kernel.ReadMounts(_list, _buffer.AsSpan(length), length, out int errno);
            if (count < 0)
            {
                return errno;
            }

            if (count == 0)
            {
                break;
            }

            length += count;
            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * length);
            }
        }

        for (ReadOnlySpan<byte> lines = _buffer.AsSpan(0, length); !lines.IsEmpty;)
        {
            int end = lines.IndexOf((byte)'\n');
            if (TryParse(end < 0 ? lines : lines[..end], out Mount mount))
            {
                mounts.Add(mount);
            }

            lines = end < 0 ? [] : lines[(end + 1)..];
        }

        return Errno.Success;
    }

    // Several mounts may share a path, stacked, and a mount may be moved.
    private readonly record struct Mount(string Identity, string Path);
}
