using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Vigil.Tests.Recording;

/// <summary>A program that is recorded, and replayed from its recording.</summary>
public sealed class RecorderTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"vigil-recording-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_replay_does_what_the_recorded_run_did_without_its_clients_and_clocks()
    {
        List<string> live = Record(Program);
        List<string> again = Replay(Program);

        Assert.NotEmpty(live);
        Assert.Equal(live, again);
    }

    [Fact]
    public void A_program_that_does_something_else_is_told_the_first_difference()
    {
        Record(Program);

        ReplayDivergedException divergence = Assert.Throws<ReplayDivergedException>(() => Replay(
            (manager, recorder, trace) => Program(manager, recorder, trace, period: TimeSpan.FromMilliseconds(1), answers: "wrong")));

        Assert.Contains("wrong", divergence.Message, StringComparison.Ordinal);
        Assert.Contains("recorded is", divergence.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_its_owners_alone_and_an_existing_one_is_left_alone()
    {
        Record(Program);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
        Assert.Throws<IOException>(() => Recorder.ToFile(_path));
    }

    [Fact]
    public void Awaits_and_results_of_work_come_in_the_replay_where_they_came()
    {
        static void Awaiting(EventManager manager, Recorder recorder, List<string> trace)
        {
            manager.RemoteEndpoint.Fire(async loop =>
            {
                for (int i = 0; i < 5; i++)
                {
                    await loop.Delay(TimeSpan.FromMilliseconds(1));
                    int number = i;
                    var done = new TaskCompletionSource();
                    loop.ExecuteWork(WorkPriority.Normal, () => number * number, (_, answer) =>
                    {
                        trace.Add(string.Create(CultureInfo.InvariantCulture, $"{answer} at {loop.TimeProvider.GetUtcNow():O}"));
                        done.SetResult();
                    });
                    await done.Task;
                }

                loop.Stop();
            });
            manager.Run();
        }

        List<string> live = Record(Awaiting);

        Assert.Equal(5, live.Count);
        Assert.Equal(live, Replay(Awaiting));
    }

    [Fact]
    public void A_post_of_another_thread_that_is_no_input_is_named_by_the_replay()
    {
        static void Posted(EventManager manager, bool isLive)
        {
            Thread? sender = isLive ? new Thread(() => manager.RemoteEndpoint.Fire(loop => loop.Stop())) : null;
            sender?.Start();
            manager.Run();
            sender?.Join();
        }

        Record((manager, _, _) => Posted(manager, isLive: true));

        ReplayDivergedException divergence = Assert.Throws<ReplayDivergedException>(
            () => Replay((manager, _, _) => Posted(manager, isLive: false)));

        Assert.Contains("another thread", divergence.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_that_is_damaged_ends_the_replay_and_says_so()
    {
        Record(Program);
        byte[] bytes = File.ReadAllBytes(_path);
        bytes[^1] = 0xFF;
        int last = bytes.Length - 20;
        bytes.AsSpan(last).Fill(0xFF);
        File.WriteAllBytes(_path, bytes);

        ReplayDivergedException divergence = Assert.Throws<ReplayDivergedException>(() => Replay(Program));

        Assert.Contains("cannot go on", divergence.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_is_saved_when_something_has_happened()
    {
        using (Recorder recorder = Recorder.ToRing(new RecorderOptions { BufferBytes = 131_072 }))
        {
            RunWith(recorder, Program);
            recorder.Save(_path);
            Assert.Throws<IOException>(() => recorder.Save(_path));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
        Assert.Contains(Recorder.ReadText(_path), line => line.Contains("hello", StringComparison.Ordinal));
        Assert.NotEmpty(Replay(Program));
    }

    [Fact]
    public void Without_traffic_the_bytes_are_left_out()
    {
        using (Recorder recorder = Recorder.ToFile(_path, new RecorderOptions { IncludeTraffic = false }))
        {
            RunWith(recorder, Program);
        }

        string[] lines = [.. Recorder.ReadText(_path)];

        Assert.Contains("without traffic", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("bytes read from", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("hello", StringComparison.Ordinal));
    }

    [Fact]
    public void A_recorded_descriptor_is_refused_to_other_threads()
    {
        using Recorder recorder = Recorder.ToRing();
        using FdHandle recorded = recorder.Open("eventfd", static () => new EventFd(1));

        Exception? refusal = null;
        var other = new Thread(() => refusal = Xunit.Record.Exception(() => { NonBlocking.TryRead(recorded, new byte[8]); }));
        other.Start();
        other.Join();
        Exception? opening = null;
        var opener = new Thread(() => opening = Xunit.Record.Exception(() => recorder.Open("another", static () => new EventFd())));
        opener.Start();
        opener.Join();

        Assert.IsType<InvalidOperationException>(opening);
        Assert.Contains("does not run the loop", Assert.IsType<InvalidOperationException>(refusal).Message, StringComparison.Ordinal);
        Assert.Equal(8, NonBlocking.TryRead(recorded, new byte[8]).Count);
    }

    [Fact]
    public void What_cannot_be_recorded_is_refused()
    {
        using Recorder recorder = Recorder.ToRing();
        using var manager = new EventManager(new EventManagerOptions { Recorder = recorder });

        Assert.Throws<ArgumentException>(() => new EventManager(new EventManagerOptions { Recorder = recorder }));
        using Recorder second = Recorder.ToRing();
        Assert.Throws<ArgumentException>(
            () => new EventManager(new EventManagerOptions { Recorder = second, SpinBeforeSleep = TimeSpan.FromMicroseconds(20) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Recorder.ToRing(new RecorderOptions { BufferBytes = 131_071 }));
        Assert.Throws<InvalidDataException>(() => Recorder.Replay("/proc/self/status"));
        Assert.Throws<FileNotFoundException>(() => Recorder.Replay(_path));
        _ = new RecordedInput<int>(manager, recorder, "numbers", _ => [], _ => 0, _ => { });
        Assert.Throws<ArgumentException>(() => new RecordedInput<int>(manager, recorder, "numbers", _ => [], _ => 0, _ => { }));
        using Recorder file = Recorder.ToFile(_path);
        Assert.Throws<InvalidOperationException>(() => file.Save("/tmp/unused"));
    }

    [Fact]
    public void A_manager_that_is_made_on_one_thread_and_run_by_another_is_replayed()
    {
        static void OnTwoThreads(EventManager manager, Recorder recorder, List<string> trace)
        {
            using var served = new EventFd(1);
            var runner = new Thread(() =>
            {
                int ticks = 0;
                manager.CreateSocketEvent(served, EventSet.In | EventSet.OneShot, (_, _) => trace.Add("served"));
                manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (timer, _) =>
                {
                    ticks++;
                    trace.Add($"tick {ticks} at {manager.TimeProvider.GetUtcNow():O}");
                    if (ticks == 5)
                    {
                        manager.Stop();
                    }
                });
                manager.Run();
            });
            runner.Start();
            runner.Join();
        }

        List<string> live = Record(OnTwoThreads);

        Assert.NotEmpty(live);
        Assert.Equal(live, Replay(OnTwoThreads));
    }

    [Fact]
    public void A_source_that_spins_is_stopped_in_the_replay_where_it_was_stopped()
    {
        static void Spinning(EventManager manager, Recorder recorder, List<string> trace)
        {
            FdHandle server = recorder.Open("server", () =>
            {
                var pair = new UnixSocketPair();
                pair.Second.Dispose();
                return pair.First;
            });
            manager.FaultReported += (_, report) =>
            {
                // A replayed descriptor has another number.
                trace.Add(report.Exception.Message.Replace(
                    report.Fd!.Value.ToString(CultureInfo.InvariantCulture), "N", StringComparison.Ordinal));
                manager.Stop();
            };
            manager.CreateSocketEvent(server, EventSet.None, (_, events) => trace.Add(events.ToString()));
            manager.Run();
            server.Dispose();
        }

        List<string> live = Record(Spinning);

        Assert.NotEmpty(live);
        Assert.Equal(live, Replay(Spinning));
    }

    [Fact]
    public void Datagrams_come_in_the_replay_in_the_same_batches_with_their_senders()
    {
        static void Receiving(EventManager manager, Recorder recorder, List<string> trace)
        {
            using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
            using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            FdHandle socket = recorder.Open("datagrams", () =>
            {
                receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                sender.Connect(receiver.LocalEndPoint!);
                foreach (string text in (string[])["one", "", "much longer than eight", "four"])
                {
                    sender.Send(Encoding.ASCII.GetBytes(text));
                }

                return new FdHandle((int)receiver.Handle, ownsHandle: false);
            });
            var batch = new DatagramBatch(capacity: 3, maxLength: 8);
            int taken = 0;
            manager.CreateSocketEvent(socket, EventSet.In, (_, _) =>
            {
                IOResult result = batch.TryReceive(socket);
                trace.Add(string.Create(CultureInfo.InvariantCulture, $"{result.Count}, errno {result.Errno}"));
                for (int i = 0; i < batch.Count; i++)
                {
                    trace.Add($"{Encoding.ASCII.GetString(batch[i])} from {batch.GetSender(i)}, truncated: {batch.IsTruncated(i)}");
                }

                taken += batch.Count;
                if (taken == 4)
                {
                    trace.Add(batch.TryReceive(socket).WouldBlock.ToString());
                    manager.Stop();
                }
            });
            manager.Run();
            socket.Dispose();
        }

        List<string> live = Record(Receiving);

        Assert.Contains(live, line => line.StartsWith("much lon from 127.0.0.1:", StringComparison.Ordinal));
        Assert.Equal(live, Replay(Receiving));
        Assert.Contains(Recorder.ReadText(_path), line => line.Contains("datagrams taken from fd", StringComparison.Ordinal));
    }

    [Fact]
    public void Results_and_tasks_of_several_workers_come_in_the_recorded_order()
    {
        static void Working(EventManager manager, Recorder recorder, List<string> trace)
        {
            int left = 60;
            void Note(string what)
            {
                trace.Add(what);
                if (--left == 0)
                {
                    manager.Stop();
                }
            }

            // As long as it likes: the order is another one each time.
            static int Work(int number)
            {
                Thread.SpinWait(Random.Shared.Next(20_000));
                return number * number;
            }

            manager.RemoteEndpoint.Fire(loop =>
            {
                UserEvent onWorker = loop.CreateUserEvent(
                    UserEventMerge.Add, (_, sum) => Work((int)sum), new() { Target = CallbackTarget.Worker(WorkPriority.High) });
                for (int i = 0; i < 20; i++)
                {
                    int number = i;
                    onWorker.Trigger(1);
                    loop.ExecuteWork(WorkPriority.Normal, () => Work(number), (_, result) => Note($"result {result}"));
                    _ = Await(loop, number);
                    _ = AwaitAsync(loop, number);
                }
            });

            async Task Await(EventManager loop, int number) =>
                Note($"task {await loop.ExecuteWorkAsync(WorkPriority.Normal, () => Work(number))}");
            async Task AwaitAsync(EventManager loop, int number)
            {
                await loop.ExecuteWorkAsync(WorkPriority.Low, async () =>
                {
                    Work(number);
                    await Task.Yield();
                });
                Note($"asynchronous {number}");
            }

            manager.Run();
        }

        List<string> live = Record(Working);

        Assert.Equal(60, live.Count);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(live, Replay(Working));
        }
    }

    private static void Program(EventManager manager, Recorder recorder, List<string> trace) =>
        Program(manager, recorder, trace, TimeSpan.FromMilliseconds(1), "answer");

    // An echo server on a socket pair, a timer, an input, and an end.
    private static void Program(EventManager manager, Recorder recorder, List<string> trace, TimeSpan period, string answers)
    {
        UnixSocketPair? pair = null;
        FdHandle server = recorder.Open("server", () =>
        {
            pair = new UnixSocketPair();
            return pair.First;
        });
        byte[] buffer = new byte[16];
        int reads = 0;
        SocketEvent source = manager.CreateSocketEvent(server, EventSet.In, (_, _) =>
        {
            IOResult result = NonBlocking.TryRead(server, buffer);
            reads++;
            string text = Encoding.ASCII.GetString(buffer, 0, result.Count);
            trace.Add(string.Create(CultureInfo.InvariantCulture, $"read {result.Count}: {text}"));
            NonBlocking.TryWrite(server, Encoding.ASCII.GetBytes(answers));
        });
        int ticks = 0;
        long start = manager.TimeProvider.GetTimestamp();
        var input = new RecordedInput<string>(
            manager, recorder, "commands", Encoding.UTF8.GetBytes, Encoding.UTF8.GetString, command => trace.Add($"command {command}"));
        manager.CreateTimerEvent(period, period, (timer, tick) =>
        {
            ticks += 1;
            trace.Add($"tick {ticks} after {manager.TimeProvider.GetElapsedTime(start)}");
            if (ticks >= 20 && reads > 0)
            {
                timer.Cancel();
                source.Cancel();
                manager.Stop();
            }
        });

        Thread? client = pair is null ? null : new Thread(() =>
        {
            for (int i = 0; i < 5; i++)
            {
                NonBlocking.TryWrite(pair!.Second, Encoding.ASCII.GetBytes($"hello {i}"));
                input.Post($"number {i}");
            }
        });
        client?.Start();
        manager.Run();
        client?.Join();
        server.Dispose();
        pair?.Second.Dispose();
    }

    private List<string> Record(Action<EventManager, Recorder, List<string>> program)
    {
        using Recorder recorder = Recorder.ToFile(_path);
        return RunWith(recorder, program);
    }

    private List<string> Replay(Action<EventManager, Recorder, List<string>> program)
    {
        using Recorder recorder = Recorder.Replay(_path);
        return RunWith(recorder, program);
    }

    private static List<string> RunWith(Recorder recorder, Action<EventManager, Recorder, List<string>> program)
    {
        List<string> trace = [];
        using var pool = new WorkerPool(new WorkerPoolOptions { Name = "recorded", ThreadCount = 4 });
        using var manager = new EventManager(new EventManagerOptions { Recorder = recorder, Workers = pool });
        program(manager, recorder, trace);
        return trace;
    }
}
