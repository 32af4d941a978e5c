using System.Globalization;

namespace Vigil.Tests.Recording;

/// <summary>File events that are recorded, and replayed when the files are gone.</summary>
public sealed class FileRecorderTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"vigil-recording-{Guid.NewGuid():N}");
    private readonly string _root = Directory.CreateTempSubdirectory("vigil-").FullName;

    public void Dispose()
    {
        File.Delete(_path);
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    [Fact]
    public void Changes_of_files_come_in_a_replay_as_they_came_although_the_files_are_gone()
    {
        string[] live = Record();
        Directory.Delete(_root, recursive: true);

        string[] again = Replay(_root);

        Assert.Contains(live, line => line.StartsWith("all: Moved", StringComparison.Ordinal));
        Assert.Contains(live, line => line.StartsWith("all: Rescanned", StringComparison.Ordinal));
        Assert.Contains(live, line => line.StartsWith("all: Written", StringComparison.Ordinal));
        Assert.Contains(live, line => line.StartsWith("quiet: Created", StringComparison.Ordinal));
        Assert.Contains(live, line => line.StartsWith("one: Created", StringComparison.Ordinal));
        Assert.Equal(live, again);
        Assert.False(Directory.Exists(_root));
    }

    [Fact]
    public void A_program_that_watches_something_else_is_told_both_paths()
    {
        Record();

        ReplayDivergedException divergence = Assert.Throws<ReplayDivergedException>(() => Replay("/elsewhere"));

        Assert.Contains("asks for FileIsDirectory of /elsewhere", divergence.Message, StringComparison.Ordinal);
        Assert.Contains(_root, divergence.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_comes_again_with_its_message()
    {
        static void Refused(EventManager manager, List<string> trace, string path)
        {
            try
            {
                manager.CreateFileEvent(path, (_, _) => { });
            }
            catch (EventManagerException exception)
            {
                trace.Add($"{exception.Error}: {exception.Message}");
            }

            manager.RunOnce(TimeSpan.Zero);
        }

        string nowhere = Path.Combine(_root, "nowhere", "file");
        string[] live = With(Recorder.ToFile(_path), (manager, _, trace) => Refused(manager, trace, nowhere));
        Directory.CreateDirectory(Path.GetDirectoryName(nowhere)!);

        Assert.Contains("PathNotFound", Assert.Single(live), StringComparison.Ordinal);
        Assert.Equal(live, With(Recorder.Replay(_path), (manager, _, trace) => Refused(manager, trace, nowhere)));
    }

    [Fact]
    public void Changes_for_a_worker_come_again()
    {
        void OnWorker(EventManager manager, Recorder recorder, List<string> trace)
        {
            string last = Path.Combine(_root, "last");
            manager.CreateFileEvent(
                _root,
                (_, change) =>
                {
                    lock (trace)
                    {
                        trace.Add(change.ToString());
                    }

                    if (string.Equals(change.Path, last, StringComparison.Ordinal))
                    {
                        manager.RemoteEndpoint.Fire(static loop => loop.Stop());
                    }
                },
                new FileEventOptions { Target = CallbackTarget.Worker(WorkPriority.Normal), Interest = FileInterest.None });
            if (!recorder.IsReplay)
            {
                File.WriteAllText(Path.Combine(_root, "first"), "");
                File.WriteAllText(last, "");
            }

            manager.Run();
        }

        string[] live = With(Recorder.ToFile(_path), OnWorker);
        Directory.Delete(_root, recursive: true);

        Assert.Equal([$"Created {_root}/first", $"Created {_root}/last"], live);
        Assert.Equal(live, With(Recorder.Replay(_path), OnWorker));
    }

    [Fact]
    public void The_text_of_a_recording_names_the_paths_and_what_has_happened_to_them()
    {
        Record();

        string[] lines = [.. Recorder.ReadText(_path)];

        Assert.Contains(lines, line => line.EndsWith($"FileIsDirectory: 1, {_root}", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("FileEntry: 1, old", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("FileRead: ", StringComparison.Ordinal)
            && line.Contains("0x40000100 new", StringComparison.Ordinal));
    }

    private string[] Record() => With(Recorder.ToFile(_path), (manager, recorder, trace) => Program(manager, recorder, trace, _root));

    private string[] Replay(string root) =>
        With(Recorder.Replay(_path), (manager, recorder, trace) => Program(manager, recorder, trace, root));

    // Watches in several ways what a timer does to a tree; in a replay the timer does nothing.
    private static void Program(EventManager manager, Recorder recorder, List<string> trace, string root)
    {
        string At(string path) => Path.Combine(root, path);
        if (!recorder.IsReplay)
        {
            Directory.CreateDirectory(At("old/below"));
            File.WriteAllText(At("old/below/file"), "");
        }

        FileEvent Watch(string name, string path, FileEventOptions options) => manager.CreateFileEvent(
            path,
            (_, change) =>
            {
                trace.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: {change} {change.IsDirectory}"));
                if (trace.Any(line => line.StartsWith($"all: Created {At("last")}", StringComparison.Ordinal))
                    && trace.Any(line => line.StartsWith($"quiet: Created {At("last")}", StringComparison.Ordinal)))
                {
                    manager.Stop();
                }
            },
            options);

        FileEvent all = Watch("all", root, new FileEventOptions
        {
            Recursive = true,
            FollowPath = true,
            Interest = FileInterest.Contents | FileInterest.Attributes | FileInterest.Written,
        });
        Watch("quiet", root, new FileEventOptions { Recursive = true, Debounce = TimeSpan.FromMilliseconds(5) });
        Watch("one", At("one"), new FileEventOptions());
        int step = 0;
        manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (_, _) =>
        {
            // One step after the other: each ends with a file whose creation is reported last.
            if (step == 0 || trace.Contains($"all: Created {At($"step{step}")} False"))
            {
                step++;
                if (step == 3)
                {
                    all.Rescan();
                }

                if (!recorder.IsReplay)
                {
                    Step(step);
                }
            }
        });

        void Step(int step)
        {
            switch (step)
            {
                case 1:
                    Directory.CreateDirectory(At("new/deep"));
                    File.WriteAllText(At("new/deep/file"), "text");
                    File.WriteAllText(At("one"), "");
                    break;
                case 2:
                    Directory.Move(At("old"), At("new/old"));
                    File.Move(At("new/deep/file"), At("moved"));
                    File.Delete(At("one"));
                    break;
                case 3:
                    File.AppendAllText(At("moved"), "more");
                    File.SetUnixFileMode(At("moved"), UnixFileMode.UserRead);
                    break;
                case 4:
                    Directory.Delete(At("new"), recursive: true);
                    break;
                case 5:
                    File.WriteAllText(At("last"), "");
                    break;
            }

            File.WriteAllText(At($"step{step}"), "");
        }

        manager.Run();
    }

    private static string[] With(Recorder recorder, Action<EventManager, Recorder, List<string>> program)
    {
        using (recorder)
        {
            List<string> trace = [];
            using var pool = new WorkerPool(new WorkerPoolOptions { ThreadCount = 1 });
            using var manager = new EventManager(new EventManagerOptions { Recorder = recorder, Workers = pool });
            program(manager, recorder, trace);
            return [.. trace];
        }
    }
}
