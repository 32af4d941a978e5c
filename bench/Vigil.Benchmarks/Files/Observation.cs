using System.Collections.Concurrent;

namespace Vigil.Benchmarks.Files;

/// <summary>One step of the script, observed by all watchers at the same time.</summary>
internal sealed class Observation : IDisposable
{
    private const string Fence = "~fence";

    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(50);

    // If no fence is possible, silence of this length counts as the end.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-");
    private readonly EventManager _manager = new();
    private readonly FileSystemWatcher _watcher;
    private readonly ConcurrentQueue<string> _framework = new();
    private readonly List<string> _plain = [];
    private readonly List<string> _debounced = [];
    private readonly string _tree;
    private volatile int _fencesSeen;

    public Observation(ScriptStep step)
    {
        _tree = _directory.CreateSubdirectory("tree").FullName;
        _directory.CreateSubdirectory("outside");
        step.Prepare(_directory.FullName);
        _manager.CreateFileEvent(_tree, (_, change) => Note(change, _plain), new FileEventOptions { Recursive = true });
        _manager.CreateFileEvent(
            _tree,
            (_, change) => Note(change, _debounced),
            new FileEventOptions { Recursive = true, Debounce = Debounce });
        _watcher = new FileSystemWatcher(_tree)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Attributes
                | NotifyFilters.Security,
        };
        _watcher.Created += (_, change) => Note(change, "Created");
        _watcher.Changed += (_, change) => Note(change, "Changed");
        _watcher.Deleted += (_, change) => Note(change, "Deleted");
        _watcher.Renamed += (_, change) => _framework.Enqueue($"Renamed {Name(change.OldFullPath)} → {Name(change.FullPath)}");
        _watcher.Error += (_, error) => _framework.Enqueue($"Error ({error.GetException().GetType().Name})");
        _watcher.EnableRaisingEvents = true;
        step.Act(_directory.FullName);
        Wait(step);
    }

    public IReadOnlyList<string> Plain => _plain;

    public IReadOnlyList<string> Debounced => _debounced;

    public IReadOnlyList<string> Framework => [.. _framework];

    public void Dispose()
    {
        _watcher.Dispose();
        _manager.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Wait(ScriptStep step)
    {
        if (step.EndsTree)
        {
            DateTime end = DateTime.UtcNow + Silence;
            while (DateTime.UtcNow < end)
            {
                _manager.RunOnce(TimeSpan.FromMilliseconds(10));
            }

            return;
        }

        Directory.CreateDirectory(Path.Combine(_tree, Fence));
        DateTime limit = DateTime.UtcNow + Patience;
        while (_fencesSeen < 3 && DateTime.UtcNow < limit)
        {
            _manager.RunOnce(TimeSpan.FromMilliseconds(10));
        }

        if (_fencesSeen < 3)
        {
            _framework.Enqueue($"*nothing more, nor of what was done after it, within {Patience.TotalSeconds} s*");
        }
    }

    private void Note(FileChange change, List<string> lines)
    {
        if (change.Path.EndsWith(Fence, StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _fencesSeen);
        }
        else
        {
            lines.Add(
                change.OldPath is null ? $"{change.Kind} {Name(change.Path)}" : $"{change.Kind} {Name(change.OldPath)} → "
                    + $"{Name(change.Path)}");
        }
    }

    private void Note(FileSystemEventArgs change, string kind)
    {
        if (change.FullPath.EndsWith(Fence, StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _fencesSeen);
        }
        else
        {
            _framework.Enqueue($"{kind} {Name(change.FullPath)}");
        }
    }

    private string Name(string path) => Path.GetRelativePath(_tree, path);
}
