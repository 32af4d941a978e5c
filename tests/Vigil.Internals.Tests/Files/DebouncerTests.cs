using Vigil.Files;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Files;

/// <summary>Net changes, beside a model that remembers everything.</summary>
public class DebouncerTests
{
    private const long Window = 100;

    private readonly List<FileChange> _settled = [];
    private readonly Debouncer _debouncer;

    public DebouncerTests() => _debouncer = new Debouncer(Window, _settled.Add);

    [Fact]
    public void Each_path_is_told_when_it_has_been_quiet_for_the_window()
    {
        Add(FileChangeKind.Changed, "/a", now: 0);
        Add(FileChangeKind.Changed, "/b", now: 10);
        Add(FileChangeKind.Changed, "/a", now: 20);
        Assert.Equal(110, _debouncer.Deadline);
        _debouncer.Settle(109);
        Assert.Empty(_settled);
        _debouncer.Settle(110);
        Assert.Equal([new FileChange(FileChangeKind.Changed, "/b")], _settled);
        _debouncer.Settle(120);
        Assert.Equal(new FileChange(FileChangeKind.Changed, "/a"), _settled[1]);
        Assert.Equal(TimingWheel.Never, _debouncer.Deadline);
    }

    [Fact]
    public void The_most_that_has_happened_names_the_change()
    {
        Add(FileChangeKind.AttributesChanged, "/attributes", now: 0);
        Add(FileChangeKind.AttributesChanged, "/written", now: 0);
        Add(FileChangeKind.Written, "/written", now: 0);
        Add(FileChangeKind.Changed, "/changed", now: 0);
        Add(FileChangeKind.Written, "/changed", now: 0);
        Add(FileChangeKind.AttributesChanged, "/changed", now: 0);
        _debouncer.Flush();
        Assert.Equal([FileChangeKind.AttributesChanged, FileChangeKind.Written, FileChangeKind.Changed], _settled.Select(change => change.Kind));
    }

    [Fact]
    public void A_rename_is_one_change_and_a_rename_of_what_changes_is_an_end_and_a_beginning()
    {
        Move("/a", "/b", now: 0);
        Move("/c", "/d", now: 0);
        Add(FileChangeKind.Changed, "/d", now: 1);
        _debouncer.Settle(Window + 1);
        Assert.Equal(
            [new FileChange(FileChangeKind.Moved, "/b", "/a"), new FileChange(FileChangeKind.Deleted, "/c"), new FileChange(FileChangeKind.Created, "/d")],
            _settled);
    }

    [Fact]
    public void A_directory_that_moves_is_told_at_once_after_what_was_pending_below_it()
    {
        Add(FileChangeKind.Created, "/d/file", now: 0);
        Add(FileChangeKind.Created, "/dd", now: 0);
        Move("/d/x", "/d/y", now: 0);
        _debouncer.Add(new FileChange(FileChangeKind.Moved, "/e", "/d", IsDirectory: true), ReplacedEntry.None, now: 0);
        Assert.Equal(
            [new FileChange(FileChangeKind.Created, "/d/file"), new FileChange(FileChangeKind.Moved, "/d/y", "/d/x"), new FileChange(FileChangeKind.Moved, "/e", "/d", IsDirectory: true)],
            _settled);
    }

    [Fact]
    public void What_becomes_another_kind_of_thing_is_an_end_and_a_beginning()
    {
        Add(FileChangeKind.Deleted, "/a", now: 0);
        _debouncer.Add(new FileChange(FileChangeKind.Created, "/a", IsDirectory: true), ReplacedEntry.None, now: 0);
        _debouncer.Flush();
        Assert.Equal([new FileChange(FileChangeKind.Deleted, "/a"), new FileChange(FileChangeKind.Created, "/a", IsDirectory: true)], _settled);
    }

    [Fact]
    public void What_is_told_leads_from_what_was_known_to_what_is_there_whatever_happens()
    {
        var random = new Random(1);
        string[] paths = ["/a", "/b", "/c", "/d"];
        var there = new HashSet<string>(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        var touched = new Dictionary<string, long>(StringComparer.Ordinal);
        for (long now = 0; now < 200_000; now += random.Next((int)Window))
        {
            string path = paths[random.Next(paths.Length)];
            string other = paths[random.Next(paths.Length)];
            if (!there.Contains(path))
            {
                Add(FileChangeKind.Created, path, now);
                there.Add(path);
            }
            else if (random.Next(3) == 0)
            {
                Add(FileChangeKind.Deleted, path, now);
                there.Remove(path);
            }
            else if (random.Next(2) == 0 && !string.Equals(path, other, StringComparison.Ordinal))
            {
                Move(path, other, now, there.Contains(other) ? ReplacedEntry.File : ReplacedEntry.None);
                there.Remove(path);
                there.Add(other);
                touched[other] = now;
            }
            else
            {
                Add(FileChangeKind.Changed, path, now);
            }

            touched[path] = now;
            _debouncer.Settle(now);
            foreach (FileChange change in _settled)
            {
                Apply(change, known);
                Assert.True(now - touched[change.Path] >= Window, $"{change} was told before it was quiet.");
            }

            _settled.Clear();
            foreach (string quiet in paths.Where(entry => touched.TryGetValue(entry, out long last) && now - last >= Window))
            {
                Assert.Equal(there.Contains(quiet), known.Contains(quiet));
            }
        }
    }

    private static void Apply(FileChange change, HashSet<string> known)
    {
        switch (change.Kind)
        {
            case FileChangeKind.Created:
                Assert.True(known.Add(change.Path));
                break;
            case FileChangeKind.Deleted:
                Assert.True(known.Remove(change.Path));
                break;
            case FileChangeKind.Moved:
                Assert.True(known.Remove(change.OldPath!) && known.Add(change.Path));
                break;
            default:
                Assert.Contains(change.Path, known);
                break;
        }
    }

    private void Add(FileChangeKind kind, string path, long now) => _debouncer.Add(new FileChange(kind, path), ReplacedEntry.None, now);

    private void Move(string from, string to, long now, ReplacedEntry replaced = ReplacedEntry.None) =>
        _debouncer.Add(new FileChange(FileChangeKind.Moved, to, from), replaced, now);
}
