using System.Runtime.InteropServices;
using Vigil.Files;

namespace Vigil.Internals.Tests.Files;

/// <summary>
/// A tree on the disk that changes at random, and beside it what somebody knows who only listens. The queue is read at random moments, so
/// that what is read is often long out of date; whenever it is read to its end, both must be equal.
/// </summary>
internal sealed partial class FileTreeModel : IDisposable
{
    private const int AT_FDCWD = -100;
    private const uint RENAME_EXCHANGE = 2;
    private const long Window = 1_000_000_000;

    private static readonly string[] Names = ["a", "b", "c", "d"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-");
    private readonly FileTreeSet _set;
    private readonly Random _random;
    private readonly string _root;
    private readonly string _outside;
    private readonly bool _debounces;
    private readonly SortedDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private long _now = Window;
    private long _read;

    public FileTreeModel(int seed, bool debounces)
    {
        _random = new Random(seed);
        _debounces = debounces;

        // Sometimes so few entries in a turn that a scan is overtaken by what it looks at.
        _set = new FileTreeSet(scanBudget: 1 << _random.Next(1, 10));
        _root = _directory.CreateSubdirectory("root").FullName;
        _outside = _directory.CreateSubdirectory("outside").FullName;
        for (int i = 0; i < 10; i++)
        {
            Change();
        }

        Tree = new FileTree(_set, this, _root, onlyName: null, isRecursive: true, FileInterest.Contents | FileInterest.Attributes, debounces ? Window : 0);
        _set.Add(Tree);
        foreach ((string path, bool isDirectory) in OnDisk())
        {
            _known.Add(path, isDirectory);
        }
    }

    public FileTree Tree { get; }

    public void Step()
    {
        switch (_random.Next(20))
        {
            case < 14:
                Change();
                break;
            case < 18:
                Turn();
                break;
            case < 19:
                Settle();
                break;
            default:
                Tree.Scanner.Want(Tree.Root, ScanWork.List | ScanWork.Below);
                break;
        }
    }

    /// <summary>Reads everything, waits for everything, and compares.</summary>
    public void Settle()
    {
        for (int i = 0; i < 3; i++)
        {
            do
            {
                Turn();
            }
            while (_set.HasWork || _set.Watches.End > _read);
            _now += 2 * Window;
        }

        Turn();
        Assert.Equal(OnDisk(), _known);
        Assert.Equal(_known.Count(entry => entry.Value) + 1, Tree.DirectoryCount);
        Assert.Equal(Tree.DirectoryCount, _set.Watches.Count);
    }

    public void Dispose()
    {
        _set.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Turn()
    {
        _read = _set.Watches.End;
        _now += _random.NextInt64(RecordQueue.Patience);
        Assert.Equal(0, _set.Turn(_now));
        while (_set.TryTake(out FileNotice notice))
        {
            Listen(notice.Change);
        }
    }

    private void Listen(FileChange change)
    {
        switch (change.Kind)
        {
            case FileChangeKind.Created:
                Assert.True(_known.TryAdd(change.Path, change.IsDirectory), $"{change.Path} was told twice.");
                break;
            case FileChangeKind.Deleted:
                Assert.True(_known.Remove(change.Path, out bool wasDirectory), $"{change.Path} was not known, and is told to be gone.");
                Assert.Equal(wasDirectory, change.IsDirectory);
                RemoveBelow(change.Path);
                break;
            case FileChangeKind.Moved:
                Move(change);
                break;
            default:
                Assert.True(string.Equals(change.Path, _root, StringComparison.Ordinal) || _known.ContainsKey(change.Path), $"{change} of what is not known.");
                break;
        }
    }

    private void Move(FileChange change)
    {
        Assert.True(_known.Remove(change.OldPath!, out bool wasDirectory), $"{change.OldPath} was not known, and is told to have moved.");
        Assert.Equal(wasDirectory, change.IsDirectory);
        RemoveBelow(change.Path);
        _known[change.Path] = wasDirectory;
        foreach ((string path, bool isDirectory) in Below(change.OldPath!))
        {
            _known.Remove(path);
            _known.Add(change.Path + path[change.OldPath!.Length..], isDirectory);
        }
    }

    // With a debounce each path is told by itself, also what was below a directory that has gone.
    private void RemoveBelow(string path)
    {
        foreach ((string below, _) in Below(path))
        {
            if (!_debounces)
            {
                _known.Remove(below);
            }
        }
    }

    private KeyValuePair<string, bool>[] Below(string path) =>
        [.. _known.Where(entry => entry.Key.StartsWith(path + "/", StringComparison.Ordinal))];

    private SortedDictionary<string, bool> OnDisk() => new(
        new DirectoryInfo(_root).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToDictionary(entry => entry.FullName, entry => entry is DirectoryInfo),
        StringComparer.Ordinal);

    // Whatever cannot be done as things are, is not done.
    private void Change()
    {
        string path = RandomPath(_random.Next(6) == 0 ? _outside : _root);
        try
        {
            switch (_random.Next(10))
            {
                case 0 or 1:
                    Directory.CreateDirectory(path);
                    break;
                case 2 or 3:
                    File.WriteAllText(path, "");
                    break;
                case 4:
                    File.AppendAllText(path, "more");
                    break;
                case 5 when Directory.Exists(path):
                    Directory.Delete(path, recursive: true);
                    break;
                case 5:
                    File.Delete(path);
                    break;
                case 6:
                    _ = renameat2(AT_FDCWD, path, AT_FDCWD, RandomPath(_root), RENAME_EXCHANGE);
                    break;
                default:
                    _ = renameat2(AT_FDCWD, path, AT_FDCWD, RandomPath(_random.Next(6) == 0 ? _outside : _root), 0);
                    break;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file where a directory would be needed, or the other way round.
        }
    }

    private string RandomPath(string start)
    {
        string path = start;
        do
        {
            path = Path.Combine(path, Names[_random.Next(Names.Length)]);
        }
        while (_random.Next(2) == 0);
        return path;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);
}
