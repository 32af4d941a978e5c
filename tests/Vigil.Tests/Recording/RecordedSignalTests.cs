using System.Diagnostics;
using System.Globalization;

namespace Vigil.Tests.Recording;

/// <summary>Signals and the ends of children are a part of a recording, and come in its replay without sender and child.</summary>
public sealed class RecordedSignalTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"vigil-recording-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Signals_and_child_ends_come_in_the_replay_where_they_came()
    {
        List<string> live = Run(Recorder.ToFile(_path), exitCode: 3, signals: 3);

        // Its children end otherwise and send no signals, and it is told what was recorded.
        List<string> again = Run(Recorder.Replay(_path), exitCode: 4, signals: 0);

        Assert.Equal(4, live.Count);
        Assert.Contains(live, line => line.Contains("exit code 3", StringComparison.Ordinal));
        Assert.Equal(live, again);
    }

    [Fact]
    public void A_replay_subscribes_to_no_signal_and_kills_no_process()
    {
        Process first = Sleeper();
        Assert.True(RunKiller(Recorder.ToFile(_path), first));
        first.WaitForExit();

        Process second = Sleeper();
        Assert.True(RunKiller(Recorder.Replay(_path), second));

        Assert.False(second.HasExited);
        second.Kill();
        second.WaitForExit();
        first.Dispose();
        second.Dispose();
    }

    [Fact]
    public void What_could_not_be_watched_cannot_be_watched_in_the_replay()
    {
        static List<string> Run(Recorder recorder)
        {
            List<string> errors = [];
            using (recorder)
            using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
            {
                // No process has it, and no handler may have the other.
                errors.Add(Assert.Throws<EventManagerException>(() => manager.CreateChildEvent(int.MaxValue, (_, _) => { })).ToString());
                errors.Add(Assert.Throws<EventManagerException>(() => manager.CreateSignalEvent(Signal.SIGKILL, (_, _) => { })).Message);

                // The caller's mistake is no answer of the kernel's.
                errors.Add(Assert.Throws<ArgumentException>(() => manager.CreateSignalEvent(default, (_, _) => { })).Message);
            }

            return [.. errors.Select(error => error.Split('\n')[0])];
        }

        List<string> live = Run(Recorder.ToFile(_path));

        Assert.Equal(live, Run(Recorder.Replay(_path)));
        Assert.Contains(Recorder.ReadText(_path), line => line.Contains("ProcessOpen failed, ProcessNotFound", StringComparison.Ordinal));
    }

    [Fact]
    public void A_program_that_handles_another_signal_diverges_by_name()
    {
        static void Run(Recorder recorder, bool handlesSignal)
        {
            using (recorder)
            using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
            {
                if (handlesSignal)
                {
                    manager.CreateSignalEvent(Signal.SIGWINCH, (_, _) => { });
                }

                manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) => manager.Stop());
                manager.Run();
            }
        }

        Run(Recorder.ToFile(_path), handlesSignal: true);

        ReplayDivergedException divergence =
            Assert.Throws<ReplayDivergedException>(() => Run(Recorder.Replay(_path), handlesSignal: false));

        Assert.Contains("SignalSubscribe", divergence.Message, StringComparison.Ordinal);
    }

    private static Process Sleeper() => Process.Start("sleep", "1000");

    // Cancels an event that kills its process.
    private static bool RunKiller(Recorder recorder, Process process)
    {
        using (recorder)
        using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
        {
            ChildEvent child = manager.CreateChildEvent(process, (_, _) => { }, new ChildEventOptions { KillOnDispose = true });
            bool isSent = false;
            manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) =>
            {
                isSent = child.Send(Signal.SIGCONT);
                child.Cancel();
                manager.Stop();
            });
            manager.Run();
            return isSent;
        }
    }

    // A child sends this process signals, one after the other was handled, and ends.
    private static List<string> Run(Recorder recorder, int exitCode, int signals)
    {
        List<string> trace = [];
        using (recorder)
        using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
        {
            int awaited = 4;
            void Note(string what)
            {
                trace.Add($"{what} at {manager.TimeProvider.GetUtcNow():O}");
                if (--awaited == 0)
                {
                    manager.Stop();
                }
            }

            manager.CreateSignalEvent(Signal.SIGWINCH, (_, info) =>
            {
                Note($"signal {info}");
                signals--;
                if (signals > 0)
                {
                    Start("kill -WINCH $PPID");
                }
            });
            void Start(string script) => Process.Start("sh", ["-c", script]).Dispose();
            if (signals > 0)
            {
                Start("kill -WINCH $PPID");
            }

            Process child = Process.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"exit {exitCode}")]);
            manager.CreateChildEvent(child, (_, exit) => Note($"child: {exit}"));
            manager.Run();
            child.WaitForExit();
            child.Dispose();
        }

        return trace;
    }
}
