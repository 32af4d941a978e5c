using Vigil.Timing;

namespace Vigil.Internals.Tests.Files;

/// <summary>Net changes, compared with a model that remembers everything.</summary>
public sealed class DebouncerTests : IDisposable
{
    private const long Window = 100;

    private readonly List<FileChange> _settled = [];
    private readonly Debouncer _debouncer;
    private readonly FileTreeSet _set = new(RealFiles.Instance);
    private readonly FileTree _tree;

    public DebouncerTests()
    {
        _debouncer = new Debouncer(Window, _settled.Add);
        _tree = new FileTree(_set, this, "/", onlyName: null, new FileTreeOptions(IsRecursive: true, FileInterest.Contents));
    }

    [Fact]
    public void Each_path_is_told_when_it_has_been_quiet_for_the_window()
    {
        Note(FileChangeKind.Changed, "a", now: 0);
        Note(FileChangeKind.Changed, "b", now: 10);
        Note(FileChangeKind.Changed, "a", now: 20);
        Assert.Equal(110, _debouncer.Deadline);
        Settle(109);
        Assert.Empty(_settled);
        Settle(110);
        Assert.Equal([new FileChange(FileChangeKind.Changed, "/b")], _settled);
        Settle(120);
        Assert.Equal(new FileChange(FileChangeKind.Changed, "/a"), _settled[1]);
        Assert.Equal(TimingWheel.Never, _debouncer.Deadline);
    }

    [Fact]
    public void Many_that_are_due_are_told_as_a_budget_allows()
    {
        for (int i = 0; i < 10; i++)
        {
            Note(FileChangeKind.Changed, $"{i}", now: 0);
        }

        int budget = 4;
        _debouncer.Settle(Window, ref budget);
        Assert.Equal((0, 4), (budget, _settled.Count));
        budget = 10;
        _debouncer.Settle(Window, ref budget);
        Assert.Equal((4, 10), (budget, _settled.Count));
    }

    [Fact]
    public void The_most_that_has_happened_names_the_change_and_whether_a_writer_has_closed_it_is_told_beside()
    {
        Note(FileChangeKind.AttributesChanged, "attributes", now: 0);
        Note(FileChangeKind.AttributesChanged, "written", now: 0);
        Note(FileChangeKind.Written, "written", now: 0);
        Note(FileChangeKind.Changed, "changed", now: 0);
        Note(FileChangeKind.Written, "changed", now: 0);
        Note(FileChangeKind.AttributesChanged, "changed", now: 0);
        Note(FileChangeKind.Written, "open", now: 0);
        Note(FileChangeKind.Changed, "open", now: 0);
        Settle(Window);
        Assert.Equal(
            [
                new FileChange(FileChangeKind.AttributesChanged, "/attributes"),
                new FileChange(FileChangeKind.Written, "/written"),
                new FileChange(FileChangeKind.Changed, "/changed"),
                new FileChange(FileChangeKind.Written, "/changed"),
                new FileChange(FileChangeKind.Changed, "/open"),
            ],
            _settled);
    }

    [Fact]
    public void A_rename_is_one_change_and_a_rename_of_what_changes_is_an_end_and_a_beginning()
    {
        Move("a", "b", now: 0);
        Move("c", "d", now: 0);
        Note(FileChangeKind.Changed, "d", now: 1);
        Settle(Window + 1);
        Assert.Equal(
            [new FileChange(
                FileChangeKind.Moved,
                "/b",
                "/a"), new FileChange(FileChangeKind.Deleted, "/c"), new FileChange(FileChangeKind.Created, "/d")],
            _settled);
    }

    [Fact]
    public void A_known_directory_that_moves_is_told_at_once_and_takes_what_is_pending_in_it_along()
    {
        DirectoryNode directory = Directory(_tree.Root, "d");
        _debouncer.Create(directory, "file", isDirectory: false, isWriterUnknown: false, now: 0);
        _debouncer.MoveFile(directory, "x", directory, "y", ReplacedEntry.None, isWritten: false, now: 0);
        _debouncer.MoveDirectory(_tree.Root, "d", _tree.Root, "e", ReplacedEntry.None, now: 0);
        directory.MoveTo(_tree.Root, "e");
        Assert.Equal([new FileChange(FileChangeKind.Moved, "/e", "/d", IsDirectory: true)], _settled);
        Settle(Window);
        Assert.Equal(
            [new FileChange(FileChangeKind.Created, "/e/file"), new FileChange(FileChangeKind.Moved, "/e/y", "/e/x")],
            _settled.Skip(1));
    }

    [Fact]
    public void A_directory_that_is_not_known_yet_is_told_by_its_last_name_and_before_what_is_in_it()
    {
        DirectoryNode directory = Directory(_tree.Root, "temporary");
        _debouncer.Create(_tree.Root, "temporary", isDirectory: true, isWriterUnknown: false, now: 0);
        _debouncer.Create(directory, "file", isDirectory: false, isWriterUnknown: false, now: 0);
        _debouncer.MoveDirectory(_tree.Root, "temporary", _tree.Root, "final", ReplacedEntry.None, now: 1);
        directory.MoveTo(_tree.Root, "final");
        Assert.Empty(_settled);
        Settle(Window);
        Assert.Equal(
            [new FileChange(FileChangeKind.Created, "/final", IsDirectory: true), new FileChange(FileChangeKind.Created, "/final/file")],
            _settled);
        Settle(2 * Window);
        Assert.Equal(2, _settled.Count);
    }

    [Fact]
    public void With_a_directory_that_leaves_goes_what_is_pending_in_it_and_what_was_moved_out_of_it_is_new()
    {
        DirectoryNode directory = Directory(_tree.Root, "d");
        Note(FileChangeKind.Changed, "other", now: 0);
        _debouncer.Note(directory, "file", FileChangeKind.Changed, isDirectory: false, now: 0);
        _debouncer.MoveFile(directory, "x", _tree.Root, "y", ReplacedEntry.None, isWritten: false, now: 0);
        directory.Leave();
        _debouncer.Delete(_tree.Root, "d", wasDirectory: true, now: 0);
        Settle(Window);
        Assert.Equal(
            [new FileChange(FileChangeKind.Changed, "/other"), new FileChange(FileChangeKind.Created, "/y"), new FileChange(
                FileChangeKind.Deleted,
                "/d",
                IsDirectory: true)],
            _settled);
    }

    [Fact]
    public void What_becomes_another_kind_of_thing_or_another_directory_is_an_end_and_a_beginning()
    {
        _debouncer.Delete(_tree.Root, "a", wasDirectory: false, now: 0);
        _debouncer.Create(_tree.Root, "a", isDirectory: true, isWriterUnknown: false, now: 0);
        _debouncer.Delete(_tree.Root, "b", wasDirectory: true, now: 0);
        _debouncer.Create(_tree.Root, "b", isDirectory: true, isWriterUnknown: false, now: 0);
        Settle(Window);
        Assert.Equal(
            [
                new FileChange(FileChangeKind.Deleted, "/a"),
                new FileChange(FileChangeKind.Created, "/a", IsDirectory: true),
                new FileChange(FileChangeKind.Deleted, "/b", IsDirectory: true),
                new FileChange(FileChangeKind.Created, "/b", IsDirectory: true),
            ],
            _settled);
    }

    [Fact]
    public void What_is_told_leads_from_what_was_known_to_what_is_there_whatever_happens()
    {
        var random = new Random(1);
        string[] names = ["a", "b", "c", "d"];
        var there = new HashSet<string>(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        var touched = new Dictionary<string, long>(StringComparer.Ordinal);
        for (long now = 0; now < 200_000; now += random.Next((int)Window))
        {
            string name = names[random.Next(names.Length)];
            string other = names[random.Next(names.Length)];
            if (!there.Contains(name))
            {
                _debouncer.Create(_tree.Root, name, isDirectory: false, isWriterUnknown: false, now);
                there.Add(name);
            }
            else if (random.Next(3) == 0)
            {
                _debouncer.Delete(_tree.Root, name, wasDirectory: false, now);
                there.Remove(name);
            }
            else if (random.Next(2) == 0 && !string.Equals(name, other, StringComparison.Ordinal))
            {
                Move(name, other, now, there.Contains(other) ? ReplacedEntry.File : ReplacedEntry.None);
                there.Remove(name);
                there.Add(other);
                touched[other] = now;
            }
            else
            {
                Note(FileChangeKind.Changed, name, now);
            }

            touched[name] = now;
            Settle(now);
            foreach (FileChange change in _settled)
            {
                Apply(change, known);
                Assert.True(now - touched[change.Path[1..]] >= Window, $"{change} was told before it was quiet.");
            }

            _settled.Clear();
            foreach (string quiet in names.Where(entry => touched.TryGetValue(entry, out long last) && now - last >= Window))
            {
                Assert.Equal(there.Contains(quiet), known.Contains(quiet));
            }
        }
    }

    public void Dispose() => _set.Dispose();

    private static void Apply(FileChange change, HashSet<string> known)
    {
        string name = change.Path[1..];
        switch (change.Kind)
        {
            case FileChangeKind.Created:
                Assert.True(known.Add(name));
                break;
            case FileChangeKind.Deleted:
                Assert.True(known.Remove(name));
                break;
            case FileChangeKind.Moved:
                Assert.True(known.Remove(change.OldPath![1..]) && known.Add(name));
                break;
            default:
                Assert.Contains(name, known);
                break;
        }
    }

    private DirectoryNode Directory(DirectoryNode parent, string name) => parent.Entries[name] = new DirectoryNode(_tree, parent, name);

    private void Note(FileChangeKind kind, string name, long now) => _debouncer.Note(_tree.Root, name, kind, isDirectory: false, now);

    private void Move(string from, string to, long now, ReplacedEntry replaced = ReplacedEntry.None) =>
        _debouncer.MoveFile(_tree.Root, from, _tree.Root, to, replaced, isWritten: false, now);

    private void Settle(long now)
    {
        int budget = int.MaxValue;
        _debouncer.Settle(now, ref budget);
    }
}
