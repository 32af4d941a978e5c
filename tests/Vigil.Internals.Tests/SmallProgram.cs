using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Vigil.Internals.Tests.Support;
using Vigil.IO;

namespace Vigil.Internals.Tests;

/// <summary>
/// A program that briefly uses a little of everything. A step that is refused by an exception is left out, and the others continue. It
/// records what it requested without being refused, and which of that was reported.
/// </summary>
internal sealed class SmallProgram : IDisposable
{
    // Far more than necessary; steps with a time limit end by it.
    private const int MostTurns = 1000;
    private static readonly TimeSpan TimeOfTurn = TimeSpan.FromMilliseconds(10);

    private readonly string _directory;
    private readonly TimeSpan _patience;
    private readonly Outside _outside = new();
    private readonly HashSet<string> _asked = [];
    private readonly HashSet<string> _told = [];
    private readonly FileMirror _mirror;
    private FileEvent? _files;

    /// <param name="directory">An empty directory of its own.</param>
    /// <param name="patience">How long it waits for missing reports.</param>
    public SmallProgram(string directory, TimeSpan patience)
    {
        (_directory, _patience) = (directory, patience);
        Directory.CreateDirectory(Path.Combine(directory, "old"));
        File.WriteAllText(Path.Combine(directory, "old", "file"), "");
        _mirror = new FileMirror(directory);
    }

    /// <summary>The messages of exceptions.</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>The manager's reports.</summary>
    public List<FaultReport> Reports { get; } = [];

    /// <summary>The reported changes of files.</summary>
    public List<FileChange> Changes { get; } = [];

    /// <summary>Requests that were not refused and got no report.</summary>
    public IReadOnlyCollection<string> Missing => [.. _asked.Except(_told)];

    /// <summary>Whether it was reported that changes of files may be missing.</summary>
    public bool MayMissFiles => Changes.Exists(change => change.Kind is FileChangeKind.Incomplete or FileChangeKind.Overflow);

    /// <summary>Runs. Returns what was refused.</summary>
    public List<string> Live()
    {
        EventManager? manager = Make(
            () => new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report, UnhandledHangUpLimit = 8 }));
        if (manager is null)
        {
            return Refusals;
        }

        manager.FaultReported += (_, report) => OnReport(report);
        Ask("a monotonic timer", told => manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) => told()));
        Ask("a wall-clock timer", told => manager.CreateTimerEvent(DateTimeOffset.UtcNow, TimeSpan.Zero, (_, _) => told()));
        var bootTime = new TimerEventOptions { Clock = TimerClock.BootTime };
        Ask(
            "a boot-time timer",
            told => manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan, (_, _) => told(), bootTime));
        var recursive = new FileEventOptions { Recursive = true, Interest = FileInterest.Written, FollowPath = true };
        Ask("files", told => _files = manager.CreateFileEvent(_directory, (_, change) => OnFile(change, told), recursive));
        Try(() => manager.CreateChildEvent(Environment.ProcessId, (_, _) => { }));
        Try(() => manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => { }));
        Try(() => FdHandle.Open("/dev/null", OpenFlags.Read).Dispose());
        using UnixPipe? pipe = Make(() => new UnixPipe(BlockingMode.Blocking));
        using UnixSocketPair? pair = Make(() => new UnixSocketPair(SocketType.Dgram, BlockingMode.Blocking));
        if (pipe is not null)
        {
            Receive(manager, "a pipe", pipe.Reader, pipe.Writer);
        }

        if (pair is not null)
        {
            Receive(manager, "a socket", pair.First, pair.Second);
        }

        using UnixPipe? hungUp = Make(() => new UnixPipe());
        if (hungUp is not null)
        {
            hungUp.Writer.Dispose();
            Ask(nameof(EventManagerError.Spinning), _ => manager.CreateSocketEvent(hungUp.Reader, EventSet.In, (_, _) => { }));
        }

        using EventFd? file = Make(() => new EventFd(1));
        if (file is not null)
        {
            MakeOrphan(manager, file);
        }

        Ask("a user event", told => manager.CreateUserEvent(UserEventMerge.Add, (_, _) => told()).Trigger(1));
        Ask("a posted call", told => manager.RemoteEndpoint.Fire(_ => told()));
        _outside.Do(ChangeFiles);
        Turn(manager);
        if (_files is { IsCancelled: false } && (MayMissFiles || Reports.Count > 0))
        {
            // As a program does after such a report.
            _told.Remove("files");
            _asked.Add("files");
            Try(_files.Rescan);
            Turn(manager);
        }

        Try(manager.Dispose);
        return Refusals;
    }

    /// <summary>After the run: the differences between its knowledge of the files and the disk.</summary>
    public string[] WrongFiles()
    {
        if (_files is null)
        {
            return [];
        }

        foreach (FileChange change in Changes)
        {
            if (change.Kind is not FileChangeKind.Incomplete && !change.Path.EndsWith("/last", StringComparison.Ordinal))
            {
                _mirror.Apply(change);
            }
        }

        // A directory that could not be read cannot report what is no longer in it.
        string[] disk = [.. FileMirror.OnDisk(_directory).Keys.Where(path => !path.EndsWith("/last", StringComparison.Ordinal))];
        IEnumerable<string> gone = MayMissFiles ? [] : _mirror.Known.Keys.Except(disk);
        return [.. disk.Except(_mirror.Known.Keys).Select(path => $"not told: {path}"), .. gone.Select(path => $"not there: {path}")];
    }

    public void Dispose() => _outside.Dispose();

    private void ChangeFiles()
    {
        string below = Directory.CreateDirectory(Path.Combine(_directory, "new", "below")).FullName;
        File.WriteAllText(Path.Combine(below, "file"), "");
        Directory.Move(Path.Combine(_directory, "old"), Path.Combine(_directory, "moved"));
        File.WriteAllText(Path.Combine(_directory, "moved", "second"), "");
        File.Move(Path.Combine(_directory, "moved", "file"), Path.Combine(below, "moved"));
        File.Delete(Path.Combine(below, "file"));
        File.WriteAllText(Path.Combine(_directory, "last"), "");
    }

    private void OnFile(FileChange change, Action told)
    {
        Changes.Add(change);
        if (change.Kind is FileChangeKind.Rescanned
            || string.Equals(change.Path, Path.Combine(_directory, "last"), StringComparison.Ordinal))
        {
            told();
        }
    }

    private void Receive(EventManager manager, string what, FdHandle from, FdHandle to)
    {
        Ask(what, told =>
        {
            SocketEvent source = manager.CreateSocketEvent(from, EventSet.In | EventSet.EdgeTriggered, (source, _) =>
            {
                IOResult read = NonBlocking.TryRead(source.Fd, new byte[16]);
                if (read.IsFailure)
                {
                    Refusals.Add(read.Description);
                }

                if (read.IsFailure || read.Count == 1)
                {
                    told();
                }
            });
            source.Disarm();
            source.Arm();
        });
        _ = NonBlocking.TryAccept(from, out _);
        Try(() => NonBlocking.SetBlocking(from));
        _outside.Do(() => NonBlocking.TryWrite(to, "x"u8));
    }

    // A registration that a duplicate keeps alive, which a new epoll instance removes.
    private void MakeOrphan(EventManager manager, EventFd file)
    {
        int number = 0;
        _outside.Do(() => number = LibC.DuplicateFrom(file.Number, lowest: 0));
        Ask(nameof(EventManagerError.OrphanedRegistration), _ =>
        {
            SocketEvent source;
            try
            {
                source = manager.CreateSocketEvent(number, EventSet.In, (_, _) => { });
            }
            finally
            {
                _outside.Do(() => LibC.Close(number));
            }

            source.Cancel();
        });
    }

    private void OnReport(FaultReport report)
    {
        Reports.Add(report);
        if (report.Exception is EventManagerException
            {
                Error: EventManagerError.Spinning
            or EventManagerError.OrphanedRegistration
            } exception)
        {
            _told.Add(exception.Error.ToString());
        }
    }

    // Turns that sleep when there is nothing to do. If the wait itself is refused, each turn throws, and continuing is the program's own
    // decision.
    private void Turn(EventManager manager)
    {
        long start = Stopwatch.GetTimestamp();
        int turns = 0;
        int refused = Refusals.Count;
        while (Missing.Count > 0 && Refusals.Count <= refused + 1 && Stopwatch.GetElapsedTime(start) < _patience)
        {
            Try(() => manager.RunOnce(TimeOfTurn));
            Assert.True(++turns < MostTurns + (_patience / TimeOfTurn), "The loop spins.");
        }
    }

    private void Ask(string what, Action<Action> step)
    {
        if (Try(() => step(() => _told.Add(what))))
        {
            _asked.Add(what);
        }
    }

    private T? Make<T>(Func<T> make)
        where T : class
    {
        T? made = null;
        Try(() => made = make());
        return made;
    }

    private bool Try(Action step)
    {
        try
        {
            step();
            return true;
        }
        catch (Exception refusal) when (refusal is EventManagerException or ObjectDisposedException)
        {
            Assert.NotEqual("", refusal.Message);
            Refusals.Add(refusal.Message);
            return false;
        }
    }

    /// <summary>A thread that acts for other programs, so that the program's own filters do not apply to it.</summary>
    private sealed class Outside : IDisposable
    {
        private readonly BlockingCollection<Action> _actions = [];
        private readonly SemaphoreSlim _isDone = new(0);
        private readonly Thread _thread;
        private Exception? _exception;

        public Outside()
        {
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public void Do(Action action)
        {
            _actions.Add(action);
            _isDone.Wait();
            if (_exception is not null)
            {
                ExceptionDispatchInfo.Throw(_exception);
            }
        }

        public void Dispose()
        {
            _actions.CompleteAdding();
            _thread.Join();
            _actions.Dispose();
            _isDone.Dispose();
        }

        private void Run()
        {
            foreach (Action action in _actions.GetConsumingEnumerable())
            {
                try
                {
                    action();
                }
                catch (Exception exception)
                {
                    _exception = exception;
                }

                _isDone.Release();
            }
        }
    }
}
