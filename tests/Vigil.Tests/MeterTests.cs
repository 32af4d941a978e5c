using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Vigil.Tests;

/// <summary>The meter "Vigil", as a collector sees it, and the statistics behind it.</summary>
public sealed class MeterTests : IDisposable
{
    private readonly string _name = $"meter-{Guid.NewGuid():N}";
    private readonly ConcurrentDictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _units = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public MeterTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Meter.Name, "Vigil", StringComparison.Ordinal))
            {
                _units[instrument.Name] = $"{instrument.Unit}";
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void A_collector_sees_what_the_loop_does_from_its_start_on()
    {
        using EventManager manager = Manager();
        using var fd = new EventFd(1);
        manager.CreateSocketEvent(fd, EventSet.In, (_, _) => { });
        _listener.Start();
        _listener.RecordObservableInstruments();
        Assert.Equal(0, Value("vigil.loop.iterations"));
        for (int i = 0; i < 10; i++)
        {
            manager.RemoteEndpoint.Fire(_ => { });
            manager.Defer(_ => { });
            manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => { });
            manager.RunOnce();
        }

        manager.RunOnce(TimeSpan.FromMilliseconds(1));
        _listener.RecordObservableInstruments();
        Assert.Equal(11, Value("vigil.loop.iterations"));
        Assert.Equal(10, Value("vigil.loop.callbacks", "timer"));
        Assert.Equal(11, Value("vigil.loop.callbacks", "source"));
        Assert.Equal(10, Value("vigil.loop.callbacks", "posted"));
        Assert.Equal(10, Value("vigil.loop.callbacks", "deferred"));
        Assert.Equal(10, Value("vigil.loop.posts"));
        Assert.True(Value("vigil.loop.time", "busy") > 0);
        Assert.True(Value("vigil.loop.time", "idle") > 0);
        Assert.InRange(Value("vigil.loop.utilization"), 0.000001, 1);
        Assert.Equal(11, Value("vigil.loop.lag#count"));
        Assert.Equal(10, Value("vigil.timer.lateness#count"));
        Assert.Equal(0, Value("vigil.loop.faults"));
    }

    [Theory]
    [InlineData("vigil.loop.iterations", 0)]
    [InlineData("vigil.loop.posts", 7)]
    public void A_collector_of_one_counter_alone_is_seen_in_time_and_so_is_its_end(string instrument, int iterationsBefore)
    {
        using EventManager manager = Manager();
        using (var counters = new MeterListener())
        {
            counters.InstrumentPublished = (published, listener) =>
            {
                if (string.Equals(published.Name, instrument, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(published);
                }
            };
            counters.SetMeasurementEventCallback<long>((published, value, tags, _) => Take(published, value, tags));
            counters.Start();
            for (int i = 0; i < iterationsBefore; i++)
            {
                manager.RunOnce(TimeSpan.Zero);
            }

            manager.RemoteEndpoint.Fire(_ => { });
            manager.RunOnce();
            counters.RecordObservableInstruments();
            Assert.InRange(Value(instrument), 1, 1 + iterationsBefore);
        }

        long counted = manager.GetStatistics().Iterations;
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(counted, manager.GetStatistics().Iterations);
    }

    [Fact]
    public void Collectors_of_all_counters_and_no_histogram_miss_nothing()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Meter.Name, "Vigil", StringComparison.Ordinal) && instrument is not Histogram<double>)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        using EventManager manager = Manager();
        for (int i = 0; i < 3; i++)
        {
            manager.RunOnce(TimeSpan.Zero);
        }

        _listener.Start();
        manager.RemoteEndpoint.Fire(_ => { });
        manager.RunOnce();
        _listener.RecordObservableInstruments();
        Assert.Equal((1, 1), (Value("vigil.loop.iterations"), Value("vigil.loop.posts")));
    }

    [Fact]
    public void Time_that_a_loop_sleeps_is_seen_while_it_sleeps()
    {
        _listener.Start();
        _listener.RecordObservableInstruments();
        using var loop = new LoopThread(new EventManagerOptions { Name = _name });
        loop.Endpoint.CallBlocking(_ => { });
        double idle = 0;
        Assert.True(SpinWait.SpinUntil(() =>
        {
            _listener.RecordObservableInstruments();
            double before = idle;
            idle = Value("vigil.loop.time", "idle");
            return before > 0 && idle > before;
        }, Patience.Limit));
        long iterations = loop.Manager.GetStatistics().Iterations;
        _listener.RecordObservableInstruments();
        Assert.Equal(iterations, Value("vigil.loop.iterations"));
    }

    [Fact]
    public void Events_that_reach_nobody_and_faults_are_counted()
    {
        using var manager = new EventManager(
            new EventManagerOptions { Name = _name, CollectStatistics = true, FaultPolicy = FaultPolicy.Report });
        manager.FaultReported += (_, _) => { };
        using var first = new EventFd(1);
        using var second = new EventFd(1);
        SocketEvent[] events = new SocketEvent[2];

        // The first one removes the other, whose event is in the same batch.
        events[0] = manager.CreateSocketEvent(first, EventSet.In, (_, _) => events[1].Cancel());
        events[1] = manager.CreateSocketEvent(second, EventSet.In, (_, _) => events[0].Cancel());
        manager.RunOnce();
        manager.Defer(_ => throw new InvalidOperationException("bad"));
        manager.RunOnce(TimeSpan.Zero);
        EventManagerStatistics statistics = manager.GetStatistics();
        Assert.Equal((1, 0, 1), (statistics.StaleEvents, statistics.OrphanedEvents, statistics.Faults));
        _listener.Start();
        _listener.RecordObservableInstruments();
        Assert.Equal(1, Value("vigil.loop.dropped_events", "stale"));
        Assert.Equal(0, Value("vigil.loop.dropped_events", "orphaned"));
        Assert.Equal(1, Value("vigil.loop.faults"));
    }

    [Fact]
    public void Statistics_can_be_had_without_a_collector()
    {
        var time = new VirtualClock();
        using var manager = new EventManager(new EventManagerOptions { Name = _name, CollectStatistics = true, TimeProvider = time });
        manager.CreateTimerEvent(TimeSpan.FromSeconds(1), (_, _) => { });
        time.Advance(TimeSpan.FromSeconds(3));
        manager.RunOnce();
        EventManagerStatistics statistics = manager.GetStatistics();
        Assert.Equal(
            (1, 1, 0, 0, 0),
            (statistics.Iterations, statistics.TimerCallbacks, statistics.SourceCallbacks, statistics.PostedCallbacks,
                statistics.DeferredCallbacks));
        Assert.Equal((1, TimeSpan.FromSeconds(2)), (statistics.TimerLateness.Count, statistics.TimerLateness.Max));
        Assert.Equal(1, statistics.Lag.Count);
        Assert.True(statistics.BusyTime > TimeSpan.Zero);
        Assert.InRange(statistics.Utilization, 0.000001, 1);
    }

    [Fact]
    public void A_manager_that_is_gone_is_not_shown_any_more_and_those_of_one_name_are_one_series()
    {
        _listener.Start();
        _listener.RecordObservableInstruments();
        using EventManager first = Manager();
        EventManager second = Manager();
        first.RunOnce(TimeSpan.Zero);
        second.RunOnce(TimeSpan.Zero);
        _listener.RecordObservableInstruments();
        Assert.Equal(2, Value("vigil.loop.iterations"));
        second.Dispose();
        _listener.RecordObservableInstruments();
        Assert.Equal(2, Value("vigil.loop.iterations"));
        first.Dispose();
        _values.Clear();
        _listener.RecordObservableInstruments();
        Assert.Empty(_values);
    }

    [Fact]
    public void Counters_of_a_name_never_go_back_although_its_managers_come_and_go()
    {
        _listener.Start();
        _listener.RecordObservableInstruments();
        EventManager[] managers = [Manager(), Manager()];
        double before = 0;
        double timeBefore = 0;
        int iterations = 0;
        for (int i = 0; i < 20; i++)
        {
            int which = i % managers.Length;
            managers[which].RunOnce(TimeSpan.Zero);
            iterations++;
            _listener.RecordObservableInstruments();
            Assert.Equal(iterations, Value("vigil.loop.iterations"));
            Assert.True(Value("vigil.loop.time", "busy") >= timeBefore);
            timeBefore = Value("vigil.loop.time", "busy");
            managers[which].Dispose();
            if (i % 3 == 0)
            {
                managers[1 - which].Dispose();
                managers[1 - which] = Manager();
            }

            managers[which] = Manager();
            _listener.RecordObservableInstruments();
            Assert.Equal(iterations, Value("vigil.loop.iterations"));
            before = Value("vigil.loop.iterations");
        }

        Assert.Equal(iterations, before);
        Array.ForEach(managers, manager => manager.Dispose());
    }

    [Fact]
    public async Task Counters_of_pools_of_one_name_never_go_back_either()
    {
        _listener.Start();
        await using WorkerPool first = Pool();
        await using (WorkerPool second = Pool())
        {
            foreach (WorkerPool pool in new[] { first, second })
            {
                using EventManager manager = new(new EventManagerOptions { Workers = pool });
                await manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => 1).WaitAsync(
                    Patience.Limit,
                    TestContext.Current.CancellationToken);
            }
        }

        Assert.True(SpinWait.SpinUntil(() => first.GetStatistics().Done == 1, Patience.Limit));
        _listener.RecordObservableInstruments();
        Assert.Equal((2, 0), (Value("vigil.pool.items", "done"), Value("vigil.pool.queue.length")));
    }

    [Fact]
    public void Collectors_that_ask_together_are_told_of_the_same_time()
    {
        _listener.Start();
        using var loop = new LoopThread(new EventManagerOptions { Name = _name });
        double[] seen = new double[3];
        TimeSpan took;
        do
        {
            // Busy for a while; then it sleeps, so that between the readings there is only idle time.
            loop.Endpoint.CallBlocking(_ => Thread.SpinWait(100_000));
            long begin = Stopwatch.GetTimestamp();
            for (int i = 0; i < seen.Length; i++)
            {
                _listener.RecordObservableInstruments();
                seen[i] = Value("vigil.loop.utilization");
            }

            took = Stopwatch.GetElapsedTime(begin);
        }
        while (took > TimeSpan.FromMilliseconds(400));

        Assert.All(seen, utilization => Assert.InRange(utilization, double.Epsilon, 1));
    }

    [Fact]
    public void Histograms_advise_buckets_from_a_microsecond_to_ten_seconds()
    {
        List<Histogram<double>> histograms = [];
        _listener.InstrumentPublished = (instrument, _) =>
        {
            if (string.Equals(instrument.Meter.Name, "Vigil", StringComparison.Ordinal) && instrument is Histogram<double> histogram)
            {
                histograms.Add(histogram);
            }
        };
        using EventManager manager = Manager();
        using var pool = new WorkerPoolOwner();
        _listener.Start();
        Assert.Equal(4, histograms.Count);
        Assert.All(histograms, histogram =>
        {
            double[] bounds = [.. histogram.Advice!.HistogramBucketBoundaries!];
            Assert.Equal((0.000_001, 10), (bounds[0], bounds[^1]));
            Assert.All(bounds.Zip(bounds.Skip(1)), pair => Assert.InRange(pair.Second / pair.First, 1.9, 2.6));
        });
    }

    [Fact]
    public void The_lateness_of_timers_that_are_half_a_century_late_adds_up_to_no_nonsense()
    {
        using var manager = new EventManager(new EventManagerOptions { Name = _name, CollectStatistics = true });
        for (int i = 0; i < 6; i++)
        {
            manager.CreateTimerEvent(DateTimeOffset.UnixEpoch, Timeout.InfiniteTimeSpan, (_, _) => { });
        }

        Assert.Equal(6, manager.RunOnce());
        DurationSummary lateness = manager.GetStatistics().TimerLateness;
        TimeSpan sinceEpoch = DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch;
        Assert.Equal(6, lateness.Count);
        Assert.InRange(lateness.Mean, sinceEpoch * 0.99, sinceEpoch * 1.13);
        Assert.InRange(lateness.Max, sinceEpoch * 0.99, sinceEpoch);
    }

    [Fact]
    public async Task A_pool_shows_its_work()
    {
        _listener.Start();
        await using var pool = new WorkerPool(new WorkerPoolOptions { Name = _name, ThreadCount = 2, QueueCapacity = 1 });
        using EventManager manager = new(new EventManagerOptions { Name = _name, Workers = pool });
        using var release = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        Task first = manager.ExecuteWorkAsync(WorkTarget.Thread(0), () =>
        {
            began.Set();
            release.Wait();
            return 1;
        });
        Assert.True(began.Wait(Patience.Limit));
        Task second = manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => 2);
        Assert.Throws<EventManagerException>(() => manager.ExecuteWork(WorkTarget.Thread(0), () => { }));
        _listener.RecordObservableInstruments();
        Assert.Equal(1, Value("vigil.pool.queue.length"));
        Assert.Equal(1, Value("vigil.pool.threads.busy"));
        Assert.Equal(1, Value("vigil.pool.items", "rejected"));
        release.Set();
        await first.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        await second.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => Value("vigil.pool.run.duration#count") == 2, Patience.Limit));
        _listener.RecordObservableInstruments();
        Assert.Equal(2, pool.GetStatistics().RunTimes.Count);
        Assert.Equal(2, Value("vigil.pool.items", "done"));
        Assert.Equal(0, Value("vigil.pool.queue.length"));
        Assert.Equal(2, Value("vigil.pool.wait.duration#count"));
    }

    [Fact]
    public void Times_are_in_seconds_and_counts_in_braces_as_the_conventions_say()
    {
        using EventManager manager = Manager();
        using var pool = new WorkerPoolOwner();
        _listener.Start();
        Assert.All(_units, unit => Assert.Matches(@"^(s|1|\{[a-z]+\})$", unit.Value));
        Assert.All(_units, unit => Assert.Matches("^vigil(\\.[a-z_]+)+$", unit.Key));
        Assert.Equal(16, _units.Count);
    }

    private WorkerPool Pool() => new(new WorkerPoolOptions { Name = _name, ThreadCount = 1 });

    private EventManager Manager() => new(new EventManagerOptions { Name = _name });

    private double Value(string instrument, string tag = "") =>
        _values.TryGetValue($"{instrument}{tag}", out double value) ? value : double.NaN;

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0 || !Equals(tags[0].Value, _name))
        {
            return;
        }

        string tag = tags.Length > 1 ? $"{tags[1].Value}" : "";
        if (instrument is Histogram<double>)
        {
            _values.AddOrUpdate($"{instrument.Name}#count", 1, (_, count) => count + 1);
        }
        else
        {
            _values[$"{instrument.Name}{tag}"] = value;
        }
    }

    private sealed class WorkerPoolOwner : IDisposable
    {
        private readonly WorkerPool _pool = new(new WorkerPoolOptions { ThreadCount = 1 });

        public void Dispose() => Patience.Wait(_pool.DisposeAsync().AsTask());
    }
}
