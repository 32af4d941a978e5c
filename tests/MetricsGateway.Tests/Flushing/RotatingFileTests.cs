using System.Text;
using MetricsGateway.Flushing;

namespace MetricsGateway.Tests.Flushing;

public sealed class RotatingFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");
    private readonly string _path;

    public RotatingFileTests()
    {
        _path = Path.Combine(_directory.FullName, "x.jsonl");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Reports_follow_one_another_also_after_what_is_there_already()
    {
        RotatingFile file = new(_path, 1_000, 2);
        File.WriteAllText(_path, "before\n");

        Assert.False(file.Append("one\ntwo\n"u8));
        Assert.False(file.Append("three\n"u8));

        Assert.Equal("before\none\ntwo\nthree\n", File.ReadAllText(_path));
    }

    [Fact]
    public void A_report_that_does_not_fit_begins_a_new_file_and_so_many_older_ones_are_kept()
    {
        RotatingFile file = new(_path, 20, 2);
        bool[] rotated = [.. Enumerable.Range(0, 5).Select(i => file.Append(Encoding.ASCII.GetBytes($"report {i} has 21 b.\n")))];

        Assert.Equal([false, true, true, true, true], rotated);
        Assert.Equal("report 4 has 21 b.\n", File.ReadAllText(_path));
        Assert.Equal("report 3 has 21 b.\n", File.ReadAllText(_path + ".1"));
        Assert.Equal("report 2 has 21 b.\n", File.ReadAllText(_path + ".2"));
        Assert.Equal(3, _directory.GetFiles().Length);
    }

    [Fact]
    public void Fewer_older_files_than_before_are_kept_from_the_next_rotation_on()
    {
        RotatingFile many = new(_path, 10, 4);
        Assert.All(Enumerable.Range(0, 6), i => many.Append(Encoding.ASCII.GetBytes($"report {i}\n")));
        Assert.Equal(5, _directory.GetFiles().Length);

        Assert.True((many with { Kept = 1 }).Append("report 6\n"u8));

        Assert.Equal(["x.jsonl", "x.jsonl.1"], _directory.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal));
        Assert.Equal("report 5\n", File.ReadAllText(_path + ".1"));
    }

    [Fact]
    public void A_file_that_is_moved_away_is_begun_anew()
    {
        RotatingFile file = new(_path, 1_000, 2);
        file.Append("one\n"u8);
        File.Move(_path, _path + ".moved");

        file.Append("two\n"u8);

        Assert.Equal("one\n", File.ReadAllText(_path + ".moved"));
        Assert.Equal("two\n", File.ReadAllText(_path));
    }

    [Fact]
    public void Half_a_line_that_somebody_left_does_not_spoil_the_next_one()
    {
        File.WriteAllText(_path, "whole\nhal");

        new RotatingFile(_path, 1_000, 2).Append("next\n"u8);

        Assert.Equal("whole\nhal\nnext\n", File.ReadAllText(_path));
    }

    [Fact]
    public void Why_a_report_cannot_be_written_is_told_also_where_it_cannot_be_taken_back()
    {
        // This device is always full, and cannot be truncated.
        IOException exception = Assert.ThrowsAny<IOException>(() => new RotatingFile("/dev/full", 1_000, 2).Append("next\n"u8));

        Assert.StartsWith("No space left on device", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void To_find_out_whether_it_can_be_written_leaves_all_as_it_was()
    {
        string link = Path.Combine(_directory.FullName, "link");
        File.CreateSymbolicLink(link, _path);

        new RotatingFile(link, 1_000, 2).Check();

        Assert.False(File.Exists(_path));
        Assert.Equal(_path, new FileInfo(link).LinkTarget);
        new RotatingFile(link, 1_000, 2).Append("one\n"u8);
        new RotatingFile(link, 1_000, 2).Check();
        Assert.Equal("one\n", File.ReadAllText(_path));
    }

    [Fact]
    public void What_cannot_be_written_is_found_out_before_and_named()
    {
        FlushFileException directory = Assert.Throws<FlushFileException>(() => new RotatingFile(_directory.FullName, 1_000, 2).Check());
        FlushFileException nowhere = Assert.Throws<FlushFileException>(() => new RotatingFile(_path + "/x", 1_000, 2).Check());

        Assert.StartsWith($"cannot write {_directory.FullName} (--flush-file): ", directory.Message, StringComparison.Ordinal);
        Assert.StartsWith($"cannot write {_path}/x (--flush-file): ", nowhere.Message, StringComparison.Ordinal);
        new RotatingFile(_path, 1_000, 2).Check();
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public void Where_the_old_file_cannot_be_put_aside_everything_stays_as_it_was()
    {
        RotatingFile file = new(_path, 10, 3);
        Directory.CreateDirectory(_path + ".1/keep");
        File.WriteAllText(_path + ".2", "old 2\n");
        File.WriteAllText(_path + ".3", "old 3\n");
        File.WriteAllText(_path, "old\n");

        for (int i = 0; i < 3; i++)
        {
            Assert.ThrowsAny<IOException>(() => file.Append("too long for it\n"u8));
        }

        Assert.Equal("old\n", File.ReadAllText(_path));
        Assert.Equal("old 2\n", File.ReadAllText(_path + ".2"));
        Assert.Equal("old 3\n", File.ReadAllText(_path + ".3"));
        Assert.Equal(3, _directory.GetFiles().Length);
    }

    [Fact]
    public void A_step_that_fails_later_takes_back_those_before_it()
    {
        RotatingFile file = new(_path, 10, 3);
        File.WriteAllText(_path, "old\n");
        File.WriteAllText(_path + ".1", "old 1\n");
        File.WriteAllText(_path + ".2", "old 2\n");
        Directory.CreateDirectory(_path + ".3/keep");

        Assert.ThrowsAny<IOException>(() => file.Append("too long for it\n"u8));

        Assert.Equal("old\n", File.ReadAllText(_path));
        Assert.Equal("old 1\n", File.ReadAllText(_path + ".1"));
        Assert.Equal("old 2\n", File.ReadAllText(_path + ".2"));
    }

    [Fact]
    public void Of_a_link_the_file_that_it_leads_to_is_rotated_beside_itself()
    {
        DirectoryInfo data = _directory.CreateSubdirectory("data");
        string target = Path.Combine(data.FullName, "y.jsonl");
        File.CreateSymbolicLink(_path, target);
        RotatingFile file = new(_path, 10, 2);
        file.Check();

        Assert.False(file.Append("report 0\n"u8));
        Assert.True(file.Append("report 1\n"u8));

        Assert.Equal(target, new FileInfo(_path).LinkTarget);
        Assert.Equal("report 1\n", File.ReadAllText(target));
        Assert.Equal("report 0\n", File.ReadAllText(target + ".1"));
        Assert.Single(_directory.GetFiles());
    }

    [Fact]
    public void A_directory_in_which_it_could_not_be_rotated_is_refused()
    {
        // Files there can be written but not created, not even by root.
        RotatingFile file = new("/proc/self/comm", 1_000, 2);

        FlushFileException exception = Assert.Throws<FlushFileException>(file.Check);

        Assert.Contains("its directory takes no other files", exception.Message, StringComparison.Ordinal);
    }
}
