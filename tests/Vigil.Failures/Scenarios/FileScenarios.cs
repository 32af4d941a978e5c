namespace Vigil.Failures;

/// <summary>Files, directories and trees.</summary>
internal static class FileScenarios
{
    public static void Tree(Drive drive)
    {
        string root = drive.Directory;
        Directory.CreateDirectory(Path.Combine(root, "old"));
        File.WriteAllText(Path.Combine(root, "old", "file"), "");
        EventManager manager = drive.Create();
        FileEvent? files = null;
        var mirror = new FileMirror(root);
        var changes = new List<FileChange>();
        var options = new FileEventOptions { Recursive = true, Interest = FileInterest.Written, FollowPath = true };
        string last = Path.Combine(root, "last");
        drive.Ask("a tree", told => files = manager.CreateFileEvent(
            root,
            (_, change) =>
            {
                changes.Add(change);
                if (change.Kind == FileChangeKind.Rescanned || string.Equals(change.Path, last, StringComparison.Ordinal))
                {
                    told();
                }
            },
            options));
        drive.Outside("changes", () =>
        {
            string below = Directory.CreateDirectory(Path.Combine(root, "new", "below")).FullName;
            File.WriteAllText(Path.Combine(below, "file"), "");
            Directory.Move(Path.Combine(root, "old"), Path.Combine(root, "moved"));
            File.WriteAllText(Path.Combine(root, "moved", "second"), "");
            File.Move(Path.Combine(root, "moved", "file"), Path.Combine(below, "moved"));
            File.Delete(Path.Combine(below, "file"));
            File.WriteAllText(last, "");
        });
        drive.Turn(manager);
        foreach (FileChange change in changes.Where(change => change.Reason is not null))
        {
            drive.Reports.Add($"{change.Kind} {change.Path}: {Drive.Describe(change.Reason!)}");
        }

        if (changes.Exists(change => change.Kind is FileChangeKind.Incomplete or FileChangeKind.Overflow))
        {
            // As a program does after such a report.
            drive.Forget("a tree");
            drive.Do("Rescan", files!.Rescan);
            drive.Turn(manager);
        }

        drive.End(manager);
        Compare(drive, mirror, changes, last);
    }

    public static void SingleFiles(Drive drive)
    {
        string path = Path.Combine(drive.Directory, "file");
        string written = Path.Combine(drive.Directory, "written");
        File.WriteAllText(written, "");
        EventManager manager = drive.Create();
        drive.Ask("a new file", told => manager.CreateFileEvent(
            path, (_, _) => told(), new FileEventOptions { Debounce = TimeSpan.FromMilliseconds(1) }));
        drive.Ask("a written file", told => manager.CreateFileEvent(
            written, (_, _) => told(), new FileEventOptions { Interest = FileInterest.Written | FileInterest.Contents }));
        drive.Outside("changes", () =>
        {
            File.WriteAllText(path, "");
            File.WriteAllText(written, "text");
        });
        drive.End(manager);
    }

    // What it knows must be what there is, unless it was told that nothing comes any more.
    private static void Compare(Drive drive, FileMirror mirror, List<FileChange> changes, string last)
    {
        if (drive.Missing.Count > 0)
        {
            return;
        }

        bool mayMiss = changes.Exists(change => change.Kind is FileChangeKind.Incomplete or FileChangeKind.Overflow);
        try
        {
            foreach (FileChange change in changes.Where(change => change.Kind is not FileChangeKind.Incomplete))
            {
                if (!string.Equals(change.Path, last, StringComparison.Ordinal))
                {
                    mirror.Apply(change);
                }
            }
        }
        catch (InvalidOperationException exception)
        {
            drive.Wrong.Add(exception.Message);
            return;
        }

        string[] disk = [.. FileMirror.OnDisk(drive.Directory).Keys.Where(path => !string.Equals(path, last, StringComparison.Ordinal))];
        drive.Wrong.AddRange(disk.Except(mirror.Known.Keys).Select(path => $"not told: {path}"));
        if (!mayMiss)
        {
            drive.Wrong.AddRange(mirror.Known.Keys.Except(disk).Select(path => $"not there: {path}"));
        }
    }
}
