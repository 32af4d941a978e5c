using System.Globalization;

namespace Vigil.Internals.Tests.Files;

/// <summary>
/// A tree on the disk that changes at random, and beside it a listener's knowledge. The queue is read at random moments, so that records
/// are often long out of date; whenever it is read to its end, both must be equal.
/// </summary>
internal sealed class FileTreeModel : IDisposable
{
    private const long Window = 1_000_000_000;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-");
    private readonly FileTreeSet _set;
    private readonly Random _random;
    private readonly RandomFiles _files;
    private readonly FileMirror _mirror;
    private readonly FileTree _tree;
    private readonly List<string> _history = [];
    private long _now = Window;

    public FileTreeModel(int seed, bool debounces)
    {
        _random = new Random(seed);

        // Sometimes so few entries per turn that directories change while they are scanned.
        _set = new FileTreeSet(RealFiles.Instance, scanBudget: 1 << _random.Next(1, 10));
        _files = new RandomFiles(_directory.FullName, _random);
        for (int i = 0; i < 10; i++)
        {
            _files.Change();
        }

        FileInterest interest = FileInterest.Contents | FileInterest.Attributes | (_random.Next(2) == 0
            ? FileInterest.Written
            : FileInterest.None);
        _tree = new FileTree(
            _set,
            this,
            _files.Root,
            onlyName: null,
            new FileTreeOptions(IsRecursive: true, interest, debounces ? Window : 0));
        _set.Add(_tree);
        _mirror = new FileMirror(_files.Root);
    }

    /// <summary>The changes and reports, for finding a fault.</summary>
    public string History => string.Join('\n', _history);

    public void Step()
    {
        switch (_random.Next(20))
        {
            case < 14:
                _files.Change();
                _history.Add(_files.Last);
                break;
            case < 18:
                Turn();
                break;
            case < 19:
                Settle();
                break;
            default:
                Rescan();
                break;
        }
    }

    /// <summary>Makes the kernel drop records by queueing more than it keeps.</summary>
    public void Overflow()
    {
        int limit = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"), CultureInfo.InvariantCulture);
        string flood = _directory.CreateSubdirectory("flood").FullName;
        using var first = new FileStream(Path.Combine(flood, "1"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        using var second = new FileStream(Path.Combine(flood, "2"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var tree = new FileTree(_set, this, flood, onlyName: null, new FileTreeOptions(IsRecursive: false, FileInterest.Contents));
        _set.Add(tree);

        // Equal adjacent records are merged.
        for (int i = 0; i <= limit / 2; i++)
        {
            first.WriteByte(0);
            second.WriteByte(0);
        }

        _history.Add("overflow");
        for (int i = 0; i < 10; i++)
        {
            _files.Change();
            _history.Add(_files.Last);
        }

        while (_set.Watches.Position < _set.Watches.End)
        {
            Turn();
        }

        _set.Remove(tree);
        Assert.True(_mirror.HasOverflowed);
    }

    /// <summary>Reads everything, waits for everything, and compares.</summary>
    public void Settle()
    {
        if (_mirror.HasOverflowed)
        {
            // The contents of everything reported before are read again.
            _mirror.HasOverflowed = false;
            Rescan();
        }

        for (int i = 0; i < 3; i++)
        {
            do
            {
                Turn();
            }
            while (_set.HasWork || _set.Watches.Position < _set.Watches.End);
            _now += 2 * Window;
        }

        Turn();
        Assert.Equal(FileMirror.OnDisk(_files.Root), _mirror.Known);
        Assert.Equal(_mirror.DirectoryCount, _tree.DirectoryCount);

        // One more for the directory with the root's name.
        Assert.Equal(_tree.DirectoryCount + 1, _set.Watches.Count);
    }

    public void Dispose()
    {
        _set.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Rescan()
    {
        _history.Add("rescan");
        _tree.Scanner.Want(_tree.Root, ScanWork.List | ScanWork.Below | ScanWork.Found);
    }

    private void Turn()
    {
        _now += _random.NextInt64(RecordQueue.Patience);
        Assert.Equal(0, _set.Turn(_now));
        while (_set.TryTake(out FileNotice notice))
        {
            if (notice.Tree == _tree)
            {
                _history.Add($"    {notice.Change}");
                _mirror.Apply(notice.Change);
            }
        }
    }
}
