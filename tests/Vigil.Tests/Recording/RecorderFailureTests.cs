using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Vigil.Tests.Recording;

/// <summary>Recordings that go wrong, or end in an unusual way, and what their replays say.</summary>
public sealed class RecorderFailureTests : IDisposable
{
    private const int Enospc = 28;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"vigil-recording-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_file_that_cannot_be_written_is_reported_once_and_the_loop_goes_on_without_recording()
    {
        using Recorder recorder = Recorder.ToFile(_path);
        using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        int number = NumberOf(_path);
        using FdHandle full = FdHandle.Open("/dev/full", OpenFlags.Write);
        Posix.Replace(number, full);
        using var ready = new EventFd(1);
        long calls = 0;
        manager.CreateSocketEvent(ready, EventSet.In, (_, _) => calls++);

        DateTime end = DateTime.UtcNow + Patience.Limit;
        while (faults.Count == 0)
        {
            Assert.True(DateTime.UtcNow < end, "The failure was not reported in time.");
            manager.RunOnce(TimeSpan.Zero);
        }

        FaultReport fault = Assert.Single(faults);
        Assert.Equal((FaultOrigin.Recorder, number, false), (fault.Origin, fault.Fd, fault.IsThrown));
        Assert.Equal(Enospc, Assert.IsType<EventManagerException>(fault.Exception).Errno);
        Assert.Contains(_path, fault.Exception.Message, StringComparison.Ordinal);
        Assert.Same(fault.Exception, recorder.Failure);
        for (int i = 0; i < 10_000; i++)
        {
            manager.RunOnce(TimeSpan.Zero);
        }

        long lost = recorder.LostBytes;
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(lost, recorder.LostBytes);
        Assert.Single(faults);
        Assert.True(calls > 10_000);
    }

    [Fact]
    public void The_last_records_that_cannot_be_written_are_reported_when_the_recorder_is_disposed()
    {
        List<FaultReport> faults = [];
        Recorder recorder = Recorder.ToFile(_path);
        using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
        {
            manager.FaultReported += (_, report) => faults.Add(report);
            using FdHandle full = FdHandle.Open("/dev/full", OpenFlags.Write);
            Posix.Replace(NumberOf(_path), full);
            manager.RunOnce(TimeSpan.Zero);
        }

        recorder.Dispose();
        recorder.Dispose();

        Assert.Equal(FaultOrigin.Recorder, Assert.Single(faults).Origin);
    }

    [Fact]
    public void What_was_recorded_comes_into_the_file_while_the_loop_sleeps()
    {
        using Recorder recorder = Recorder.ToFile(_path);
        RecordedInput<string>? input = null;
        using var loop = new LoopThread(
            new EventManagerOptions { Recorder = recorder },
            manager => input = new RecordedInput<string>(
                manager, recorder, "words", Encoding.UTF8.GetBytes, Encoding.UTF8.GetString, _ => { }));
        for (int i = 0; i < 3; i++)
        {
            string word = $"word {i}";
            input!.Post(word);

            Assert.True(SpinWait.SpinUntil(() => Has(word), Patience.Limit), "It did not come.");
        }

        bool Has(string word) => Recorder.ReadText(_path).Any(line => line.Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void Saving_a_ring_often_loses_nothing_of_it()
    {
        using Recorder recorder = Recorder.ToRing(new RecorderOptions { BufferBytes = 131_072 });
        using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
        for (int i = 0; i < 4; i++)
        {
            File.Delete(_path);
            manager.RunOnce(TimeSpan.Zero);
            recorder.Save(_path);
        }

        string[] lines = [.. Recorder.ReadText(_path)];
        Assert.Contains("registers", lines[1], StringComparison.Ordinal);
        Assert.Equal(4, lines.Count(line => line.EndsWith("an iteration", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_ring_is_saved_by_its_loop_only_while_there_is_one()
    {
        using Recorder recorder = Recorder.ToRing();
        using (var loop = new LoopThread(new EventManagerOptions { Recorder = recorder }))
        {
            Assert.Throws<InvalidOperationException>(() => recorder.Save(_path));
        }

        recorder.Save(_path);

        Assert.Contains(Recorder.ReadText(_path), line => line.EndsWith("an iteration", StringComparison.Ordinal));
    }

    [Fact]
    public void A_ring_that_has_dropped_its_beginning_is_read_and_its_replay_says_that_a_part_is_missing()
    {
        using (Recorder recorder = Recorder.ToRing(new RecorderOptions { BufferBytes = 131_072 }))
        {
            using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
            UnixSocketPair? pair = null;
            using FdHandle recorded = recorder.Open("stream", () => (pair = new UnixSocketPair()).First);
            using FdHandle peer = pair!.Second;
            byte[] buffer = new byte[50_000];
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(50_000, NonBlocking.TryWrite(peer, buffer).Count);
                Assert.Equal(50_000, NonBlocking.TryRead(recorded, buffer).Count);
            }

            recorder.Save(_path);
        }

        Assert.Contains("chunks of records are missing", Recorder.ReadText(_path).ElementAt(1), StringComparison.Ordinal);
        ReplayDivergedException divergence = Assert.Throws<ReplayDivergedException>(() =>
        {
            using Recorder replay = Recorder.Replay(_path);
            using var manager = new EventManager(new EventManagerOptions { Recorder = replay });
            manager.RunOnce(TimeSpan.Zero);
        });
        Assert.Contains("chunks of records are missing", divergence.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_opening_a_descriptor_threw_is_thrown_in_the_replay()
    {
        Exception[] failures =
        [
            new EventManagerException(EventManagerError.System, "no device", 7, 19),
            new IOException("busy", 16),
            new FileNotFoundException("no file"),
            new DirectoryNotFoundException("no directory"),
            new UnauthorizedAccessException("not mine"),
            new SocketException((int)SocketError.ConnectionRefused, "refused"),
            new ArgumentException("wrong"),
            new NotSupportedException("no such thing"),
        ];
        List<(Type Type, string Message, int Code)> Run(Recorder recorder, bool isLive)
        {
            List<(Type Type, string Message, int Code)> thrown = [];
            using (recorder)
            using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
            {
                foreach (Exception failure in failures)
                {
                    Exception exception = Xunit.Record.Exception(
                        () => recorder.Open("port", () => isLive ? throw failure : throw new InvalidOperationException("It is opened.")))!;
                    thrown.Add((exception.GetType(), exception.Message, CodeOf(exception)));
                }

                // What comes after is as in the recording.
                using FdHandle opened = recorder.Open(
                    "port", () => isLive ? new EventFd() : throw new InvalidOperationException("It is opened."));
                manager.RunOnce(TimeSpan.Zero);
            }

            return thrown;
        }

        List<(Type Type, string Message, int Code)> live = Run(Recorder.ToFile(_path), isLive: true);
        List<(Type Type, string Message, int Code)> again = Run(Recorder.Replay(_path), isLive: false);

        Assert.Equal(live[..^1], again[..^1]);
        Assert.Equal(
            (typeof(InvalidOperationException), "System.NotSupportedException: no such thing"), (again[^1].Type, again[^1].Message));
        Assert.Contains(Recorder.ReadText(_path), line => line.Contains("the reason: not mine", StringComparison.Ordinal));

        static int CodeOf(Exception exception) => exception switch
        {
            EventManagerException failure => failure.Errno,
            SocketException failure => (int)failure.SocketErrorCode,
            _ => exception.HResult,
        };
    }

    [Fact]
    public void A_replay_refuses_descriptors_to_other_threads_as_the_recording_did()
    {
        static List<string> Run(Recorder recorder)
        {
            List<string> refusals = [];
            using (recorder)
            using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
            using (FdHandle counter = recorder.Open("counter", static () => new EventFd(1)))
            {
                var other = new Thread(() =>
                {
                    refusals.Add(Xunit.Record.Exception(() => recorder.Open("another", static () => new EventFd()))!.GetType().Name);
                    refusals.Add(Xunit.Record.Exception(() => NonBlocking.TryRead(counter, new byte[8]))!.GetType().Name);
                });
                other.Start();
                other.Join();
                refusals.Add(NonBlocking.TryRead(counter, new byte[8]).ToString()!);
                manager.RunOnce(TimeSpan.Zero);
            }

            return refusals;
        }

        List<string> live = Run(Recorder.ToFile(_path));

        Assert.Equal(live, Run(Recorder.Replay(_path)));
        Assert.Equal(["InvalidOperationException", "InvalidOperationException"], live[..2]);
    }

    [Fact]
    public void A_replayed_descriptor_is_no_other_file_of_the_process()
    {
        using (Recorder recorder = Recorder.ToFile(_path))
        using (recorder.Open("counter", static () => new EventFd()))
        {
            // Its number is recorded.
        }

        using Recorder replay = Recorder.Replay(_path);
        using FdHandle replayed = replay.Open("counter", static () => throw new InvalidOperationException("Nothing is opened."));

        Assert.InRange((int)replayed.DangerousGetHandle(), 1 << 20, int.MaxValue);
    }

    [Fact]
    public void A_run_that_another_thread_stopped_ends_in_the_replay_where_it_ended()
    {
        static List<int> Program(Recorder recorder, bool isLive)
        {
            List<int> trace = [];
            using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
            for (int run = 0; run < 3; run++)
            {
                int number = run;
                TimerEvent timer = manager.CreateTimerEvent(
                    TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (_, _) => trace.Add(number));
                using var stopping = new CancellationTokenSource();
                Thread? other = !isLive ? null : new Thread(() =>
                {
                    SpinWait.SpinUntil(() => Volatile.Read(ref number) < 0 || trace.Contains(number), Patience.Limit);
                    if (number == 1)
                    {
                        stopping.Cancel();
                    }
                    else
                    {
                        manager.Stop();
                    }
                });
                other?.Start();
                manager.Run(stopping.Token);
                other?.Join();
                timer.Cancel();
                trace.Add(-1);
            }

            return trace;
        }

        List<int> live;
        using (Recorder recorder = Recorder.ToFile(_path))
        {
            live = Program(recorder, isLive: true);
        }

        using Recorder replay = Recorder.Replay(_path);
        Assert.Equal(live, Program(replay, isLive: false));
        Assert.True(replay.IsOver);
    }

    [Fact]
    public void A_difference_behind_the_last_iteration_is_reported()
    {
        static List<FaultReport> Program(Recorder recorder, string farewell)
        {
            List<FaultReport> faults = [];
            using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
            {
                manager.FaultReported += (_, report) => faults.Add(report);
                UnixSocketPair? pair = null;
                using FdHandle recorded = recorder.Open("peer", () => (pair = new UnixSocketPair()).First);
                manager.RunOnce(TimeSpan.Zero);
                NonBlocking.TryWrite(recorded, Encoding.ASCII.GetBytes(farewell));
                pair?.Second.Dispose();
            }

            return faults;
        }

        using (Recorder recorder = Recorder.ToFile(_path))
        {
            Assert.Empty(Program(recorder, "good-bye"));
        }

        using (Recorder replay = Recorder.Replay(_path))
        {
            Assert.Empty(Program(replay, "good-bye"));
        }

        using (Recorder replay = Recorder.Replay(_path))
        {
            FaultReport fault = Assert.Single(Program(replay, "so long"));
            Assert.Equal(FaultOrigin.Recorder, fault.Origin);
            Assert.Contains("so long", Assert.IsType<ReplayDivergedException>(fault.Exception).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_manager_that_one_thread_makes_and_another_uses_is_replayed()
    {
        static List<string> Program(Recorder recorder)
        {
            List<string> trace = [];
            using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
            var user = new Thread(() =>
            {
                manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (timer, tick) =>
                {
                    trace.Add(string.Create(CultureInfo.InvariantCulture, $"{manager.TimeProvider.GetTimestamp()} {tick.Missed}"));
                    if (trace.Count == 5)
                    {
                        timer.Cancel();
                        manager.Stop();
                    }
                });
                manager.RunOnce();
                trace.Add(string.Create(CultureInfo.InvariantCulture, $"between {manager.TimeProvider.GetTimestamp()}"));
                manager.Run();
            });
            user.Start();
            user.Join();
            return trace;
        }

        List<string> live;
        using (Recorder recorder = Recorder.ToFile(_path))
        {
            live = Program(recorder);
        }

        using Recorder replay = Recorder.Replay(_path);
        Assert.Equal(live, Program(replay));
        Assert.True(replay.IsOver);
    }

    [Fact]
    public void A_recorder_that_is_disposed_too_soon_records_to_the_managers_end()
    {
        Recorder recorder = Recorder.ToFile(_path);
        using (var manager = new EventManager(new EventManagerOptions { Recorder = recorder }))
        {
            recorder.Dispose();
            manager.RunOnce(TimeSpan.Zero);
        }

        string[] lines = [.. Recorder.ReadText(_path)];
        Assert.Contains(lines, line => line.EndsWith("an iteration", StringComparison.Ordinal));
        Assert.Contains("removes fd", lines[^1], StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => new EventManager(new EventManagerOptions { Recorder = recorder }));
    }

    [Fact]
    public void Without_traffic_inputs_are_left_out_and_a_replay_says_that_it_has_none()
    {
        static void Program(Recorder recorder)
        {
            using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
            var input = new RecordedInput<string>(
                manager, recorder, "words", Encoding.UTF8.GetBytes, Encoding.UTF8.GetString, _ => { });
            input.Post("secret");
            UnixSocketPair? pair = null;
            using FdHandle recorded = recorder.Open("peer", () => (pair = new UnixSocketPair()).First);
            using FdHandle? peer = pair?.Second;
            _ = peer is null ? default : NonBlocking.TryWrite(peer, "secret"u8);
            manager.RunOnce(TimeSpan.Zero);
            NonBlocking.TryRead(recorded, new byte[16]);
            manager.RunOnce(TimeSpan.Zero);
        }

        using (Recorder recorder = Recorder.ToFile(_path, new RecorderOptions { IncludeTraffic = false }))
        {
            Program(recorder);
        }

        Assert.DoesNotContain("secret", Encoding.Latin1.GetString(File.ReadAllBytes(_path)), StringComparison.Ordinal);
        using Recorder replay = Recorder.Replay(_path);
        ReplayDivergedException divergence = Assert.Throws<ReplayDivergedException>(() => Program(replay));
        Assert.Contains("IncludeTraffic", divergence.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_inputs_that_cannot_be_recorded_are_refused()
    {
        using Recorder recorder = Recorder.ToRing();
        using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });
        using var another = new EventManager();
        string longest = new('ä', 512);

        for (int i = 0; i < 2; i++)
        {
            using FdHandle opened = recorder.Open(longest, static () => new EventFd());
        }

        Assert.Throws<ArgumentException>(() => recorder.Open($"{longest}.", static () => new EventFd()));
        Assert.Throws<ArgumentException>(() => recorder.Open("\ud800", static () => new EventFd()));
        Assert.Throws<ArgumentException>(() => recorder.Open("nothing", static () => null!));
        Assert.Throws<ArgumentException>(() => new RecordedInput<int>(another, recorder, "numbers", _ => [], _ => 0, _ => { }));
        Assert.Throws<ArgumentException>(() => new RecordedInput<int>(manager, recorder: null, "numbers", _ => [], _ => 0, _ => { }));
    }

    private static int NumberOf(string path) => Directory.GetFiles("/proc/self/fd")
        .Where(link => string.Equals(File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName, path, StringComparison.Ordinal))
        .Select(link => int.Parse(Path.GetFileName(link), CultureInfo.InvariantCulture))
        .Single();
}
