using Vigil;

namespace Soak.Loops;

/// <summary>Files that workers create, move and delete in a watched tree. In directories that stay, each change is reported once.</summary>
internal sealed class FileWorkload : Workload
{
    private const int Directories = 4;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("vigil-soak-files-");
    private readonly string[] _lasting;
    private readonly string _passing;
    private FileEvent? _tree;
    private FileEvent? _settled;
    private Changes _made;
    private Changes _seen;
    private long _all;
    private int _working;
    private bool _hasOverflown;

    public FileWorkload(Random random, Findings findings)
        : base(random, findings)
    {
        _lasting = [.. Enumerable.Range(0, Directories).Select(i => _root.CreateSubdirectory($"lasting-{i}").FullName)];
        _passing = _root.CreateSubdirectory("passing").FullName;
    }

    public override string Name => "changes of watched files";

    public override long Count => _all;

    public override string? Outstanding =>
        _working == 0 && (_hasOverflown || _made == _seen) ? null : $"{_working} works; made {_made}, seen {_seen}";

    protected override TimeSpan Pace => TimeSpan.FromMilliseconds(50);

    public void Delete() => _root.Delete(recursive: true);

    public override void Finish()
    {
        _tree!.Dispose();
        _settled!.Dispose();
        Findings.Require(!_hasOverflown, "the kernel's queue of file changes overflowed");
        _hasOverflown = false;
        _made = _seen = default;
    }

    protected override void OnStart(EventManager manager)
    {
        _tree = manager.CreateFileEvent(_root.FullName, (_, change) => See(change), new FileEventOptions { Recursive = true });
        _settled = manager.CreateFileEvent(
            _lasting[0],
            (_, _) => { },
            new FileEventOptions { Debounce = TimeSpan.FromMilliseconds(100), Interest = FileInterest.Written });
    }

    protected override void Step(EventManager manager)
    {
        if (_working >= 2)
        {
            return;
        }

        _working++;
        int seed = Random.Next();
        manager.ExecuteWork(WorkPriority.Low, () => Work(new Random(seed)), (_, made) =>
        {
            _working--;
            _made += made;
            _all += made.Created + made.Moved + made.Deleted;
        });
    }

    protected override void OnStop()
    {
    }

    private Changes Work(Random random)
    {
        if (random.Next(4) == 0)
        {
            // What is in a directory that goes at once need not be seen.
            string directory = Path.Combine(_passing, Guid.NewGuid().ToString("N"), "inner");
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, "file"), "text");
            Directory.Delete(Path.GetDirectoryName(directory)!, recursive: true);
            return default;
        }

        int count = random.Next(1, 20);
        int moved = 0;
        for (int i = 0; i < count; i++)
        {
            string file = Path.Combine(_lasting[random.Next(Directories)], Guid.NewGuid().ToString("N"));
            File.WriteAllText(file, "text");
            if (random.Next(2) == 0)
            {
                moved++;
                string target = Path.Combine(_lasting[random.Next(Directories)], Guid.NewGuid().ToString("N"));
                File.Move(file, target);
                file = target;
            }

            File.Delete(file);
        }

        return new Changes(count, moved, count);
    }

    private void See(FileChange change)
    {
        if (change.Kind == FileChangeKind.Overflow)
        {
            _hasOverflown = true;
        }
        else if (!change.Path.StartsWith(_passing, StringComparison.Ordinal))
        {
            _seen += change.Kind switch
            {
                FileChangeKind.Created => new Changes(1, 0, 0),
                FileChangeKind.Moved => new Changes(0, 1, 0),
                FileChangeKind.Deleted => new Changes(0, 0, 1),
                _ => default,
            };
        }
    }

    private readonly record struct Changes(long Created, long Moved, long Deleted)
    {
        public static Changes operator +(Changes one, Changes other) =>
            new(one.Created + other.Created, one.Moved + other.Moved, one.Deleted + other.Deleted);
    }
}
