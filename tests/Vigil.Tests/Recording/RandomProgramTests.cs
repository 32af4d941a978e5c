using System.Globalization;
using System.Text;

namespace Vigil.Tests.Recording;

/// <summary>
/// Programs that do whatever comes to them, with a client and workers: their replays do the same without the client, whatever the phases,
/// the modes of registrations, the faults, duplicates and rebuilds of the poller.
/// </summary>
public sealed class RandomProgramTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"vigil-recording-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_random_program_does_the_same_again(int seed)
    {
        List<string> live;
        using (Recorder recorder = Recorder.ToFile(_path))
        {
            live = RandomProgram.Run(recorder, seed);
        }

        using Recorder replay = Recorder.Replay(_path);
        List<string> again = RandomProgram.Run(replay, seed);

        Assert.NotEmpty(live);
        Assert.Equal(live, again);
        Assert.True(replay.IsOver);
    }

    private sealed class RandomProgram
    {
        private const int Steps = 1_500;

        private static readonly EventSet[] Interests =
        [
            EventSet.In,
            EventSet.In | EventSet.OneShot,
            EventSet.In | EventSet.EdgeTriggered,
            EventSet.In | EventSet.Out | EventSet.OneShot,
            EventSet.In | EventSet.Out | EventSet.EdgeTriggered,
            EventSet.In | EventSet.Exclusive,
            EventSet.Out | EventSet.OneShot,
        ];

        private readonly EventManager _manager;
        private readonly Recorder _recorder;
        private readonly Random _random;
        private readonly List<string> _trace = [];
        private readonly List<(FdHandle Handle, SocketEvent Event)> _sources = [];
        private readonly List<TimerEvent> _timers = [];
        private readonly byte[] _buffer = new byte[64];
        private readonly Lock _peersGate = new();
        private readonly List<FdHandle> _peers = [];
        private readonly List<FdHandle> _duplicates = [];
        private bool _hasEnded;
        private int _steps;
        private int _opened;

        private RandomProgram(EventManager manager, Recorder recorder, int seed)
        {
            _manager = manager;
            _recorder = recorder;
            _random = new Random(seed);
        }

        public static List<string> Run(Recorder recorder, int seed)
        {
            using var manager = new EventManager(new EventManagerOptions
            {
                Recorder = recorder,
                FaultPolicy = seed % 2 == 0 ? FaultPolicy.Detach : FaultPolicy.Report,
                ReadyCapacity = 3,
                MailboxBudget = 2,
                Workers = null,
            });
            return new RandomProgram(manager, recorder, seed).Run(seed);
        }

        private List<string> Run(int seed)
        {
            _manager.FaultReported += (_, report) =>
            {
                // At the disposal the posts are counted that a client still sent.
                if (!_hasEnded)
                {
                    _trace.Add($"fault {report.Origin} {report.Exception.GetType().Name}");
                }
            };
            _manager.AddPrepareHook(_ => Maybe("prepare", 40));
            _manager.AddCheckHook(_ => Maybe("check", 40));
            _manager.AddIdleHook(_ => Maybe("idle", 3));
            var input = new RecordedInput<string>(
                _manager, _recorder, "input", Encoding.ASCII.GetBytes, Encoding.ASCII.GetString, value => Step($"input {value}"));
            OpenSource();
            StartTimer();
            Thread? client = _recorder.IsReplay ? null : new Thread(() => Bother(input, new Random(seed + 1)));
            client?.Start();
            try
            {
                _manager.Run();
            }
            catch (ReplayDivergedException divergence)
            {
                _trace.Add(divergence.Message);
            }

            _hasEnded = true;
            Volatile.Write(ref _steps, Steps);
            client?.Join();
            _sources.ForEach(source => source.Handle.Dispose());
            _peers.ForEach(peer => peer.Dispose());
            _duplicates.ForEach(duplicate => duplicate.Dispose());
            return _trace;
        }

        // The client. It ends when the loop has.
        private void Bother(RecordedInput<string> input, Random random)
        {
            byte[] bytes = new byte[40];
            while (Volatile.Read(ref _steps) < Steps)
            {
                using (_peersGate.EnterScope())
                {
                    if (_peers.Count > 0)
                    {
                        FdHandle peer = _peers[random.Next(_peers.Count)];
                        switch (random.Next(30))
                        {
                            case 0:
                                NonBlocking.TryShutdownWrite(peer);
                                break;
                            case < 20:
                                NonBlocking.TryWrite(peer, bytes.AsSpan(0, random.Next(1, 40)));
                                break;
                            default:
                                NonBlocking.TryRead(peer, bytes);
                                break;
                        }
                    }
                }

                if (random.Next(10) == 0)
                {
                    input.Post(random.Next(100).ToString(CultureInfo.InvariantCulture));
                }

                Thread.Yield();
            }
        }

        private void Maybe(string where, int odds)
        {
            if (_random.Next(odds) == 0)
            {
                Step(where);
            }
        }

        private void Step(string where)
        {
            _trace.Add(where);
            Volatile.Write(ref _steps, _steps + 1);
            if (_steps >= Steps)
            {
                _manager.Stop();
                return;
            }

            for (int i = _random.Next(3); i > 0; i--)
            {
                try
                {
                    Do(_random.Next(17));
                }
                catch (EventManagerException exception)
                {
                    _trace.Add($"refused {exception.Error} {exception.Errno}");
                }
            }

            if (_random.Next(60) == 0)
            {
                throw new FormatException(where);
            }
        }

        private void Do(int what)
        {
            (FdHandle? handle, SocketEvent? source) = _sources.Count > 0 ? _sources[_random.Next(_sources.Count)] : default;
            TimerEvent? timer = _timers.Count > 0 ? _timers[_random.Next(_timers.Count)] : null;
            switch (what)
            {
                case 0 or 1 when _sources.Count < 8:
                    OpenSource();
                    break;
                case 2 when source is { IsCancelled: false }:
                    source.Modify(Interests[_random.Next(Interests.Length)]);
                    break;
                case 3 when source is { IsCancelled: false }:
                    source.Disarm();
                    break;
                case 4 or 5 when source is { IsCancelled: false }:
                    source.Arm();
                    break;
                case 6 when source is not null && _random.Next(3) == 0:
                    Close(handle!, source);
                    break;
                case 7 when handle is not null:
                    Write(handle);
                    break;
                case 8 or 9 when _timers.Count < 8:
                    StartTimer();
                    break;
                case 10 when timer is { IsCancelled: false }:
                    timer.Change(TimeSpan.FromMilliseconds(_random.Next(3)));
                    break;
                case 11 when timer is { IsCancelled: false }:
                    timer.Cancel();
                    _timers.Remove(timer);
                    break;
                case 12:
                    _manager.Defer(_ => Step("deferred"));
                    break;
                case 13:
                    _manager.RemoteEndpoint.Fire(_ => Step("fired"));
                    break;
                case 14 when _random.Next(4) == 0:
                    _manager.ExecuteWork(WorkPriority.Normal, () => 7, (_, result) => Step($"worked {result}"));
                    break;
                case 15:
                    _trace.Add(_manager.TimeProvider.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
                    break;
                case 16 when source is { IsCancelled: false }:
                    source.AddInterest(EventSet.Out);
                    break;
            }
        }

        private void OpenSource()
        {
            FdHandle handle = _recorder.Open($"source {_opened++ % 5}", () =>
            {
                var pair = new UnixSocketPair();
                using (_peersGate.EnterScope())
                {
                    _peers.Add(pair.Second);
                }

                return pair.First;
            });
            SocketEvent? source = null;
            source = _manager.CreateSocketEvent(
                handle, Interests[_random.Next(Interests.Length)], (_, ready) => OnReady(handle, source!, ready));
            _sources.Add((handle, source));
        }

        private void OnReady(FdHandle handle, SocketEvent source, EventSet ready)
        {
            if (ready.HasFlag(EventSet.In))
            {
                IOResult result = NonBlocking.TryRead(handle, _buffer);
                _trace.Add(string.Create(CultureInfo.InvariantCulture, $"read {result.Count} {result.Errno}"));
                if (result.IsEndOfStream)
                {
                    Close(handle, source);
                }
            }

            Step($"ready {ready}");
        }

        private void Write(FdHandle handle)
        {
            byte[] bytes = new byte[_random.Next(1, 200)];
            IOResult result = NonBlocking.TryWrite(handle, bytes);
            _trace.Add(string.Create(CultureInfo.InvariantCulture, $"wrote {result.Count} {result.Errno}"));
        }

        // Now and then without removing it first.
        private void Close(FdHandle handle, SocketEvent source)
        {
            if (_random.Next(4) > 0)
            {
                source.Cancel();
            }

            handle.Dispose();
            _sources.RemoveAll(entry => entry.Handle == handle);
        }

        private void StartTimer()
        {
            var options = new TimerEventOptions { Clock = (TimerClock)_random.Next(3) };
            TimeSpan period = _random.Next(2) == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(_random.Next(1, 4));
            _timers.Add(_manager.CreateTimerEvent(
                TimeSpan.FromMilliseconds(_random.Next(3)), period, (_, tick) => Step($"tick {tick.Missed}"), options));
            if (_timers.Count == 1)
            {
                // There is always one that goes on.
                _timers.Add(_manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (_, _) => Step("tock")));
            }
        }
    }
}
