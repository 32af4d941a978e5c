using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

namespace Vigil.Tests;

/// <summary>Observers that throw: they cost no tick, callback or registration.</summary>
public sealed class ObserverTests : IDisposable
{
    private readonly string _name = $"observed-{Guid.NewGuid():N}";
    private readonly MeterListener _listener = new();
    private int _thrown;

    public ObserverTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Meter.Name, "Vigil", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            // Only this test's manager and pool: others of the process are measured, too.
            if (tags[0].Value is string name && string.Equals(name, _name, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _thrown);
                throw new InvalidOperationException("the listener");
            }
        });
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void A_listener_of_the_meter_that_throws_costs_a_periodic_timer_no_tick_and_no_callback()
    {
        using var manager = new EventManager(new EventManagerOptions { Name = _name });
        manager.FaultReported += (_, report) => Assert.Fail($"{report}");
        int ticks = 0;
        TimerEvent timer = manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (_, _) => ticks++);
        manager.RunUntil(() => ticks >= 20);
        Assert.Equal(TimerState.Started, timer.State);
        Assert.True(_thrown >= 20, $"The listener threw {_thrown} times.");
    }

    [Fact]
    public async Task A_listener_of_the_meter_that_throws_costs_a_pool_no_work()
    {
        await using var pool = new WorkerPool(new WorkerPoolOptions { Name = _name, ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Workers = pool });
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(
                i,
                await manager.ExecuteWorkAsync(WorkPriority.Normal, () => i).WaitAsync(
                    Patience.Limit,
                    TestContext.Current.CancellationToken));
        }

        Assert.True(SpinWait.SpinUntil(() => pool.GetStatistics().Done == 20, Patience.Limit));
        Assert.True(Volatile.Read(ref _thrown) >= 20, $"The listener threw {_thrown} times.");
    }

    [Fact]
    public async Task A_listener_of_the_event_source_that_throws_costs_nobody_anything()
    {
        await using var pool = new WorkerPool(new WorkerPoolOptions { Name = _name, ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Name = _name, Workers = pool, FaultPolicy = FaultPolicy.Report });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, report) => faults.Add(report);
        int ticks = 0;
        using var listener = new ThrowingListener(_name);
        manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), (_, _) => ticks++);
        manager.Defer(_ => throw new UnsayableException());
        manager.RunUntil(() => ticks >= 20);
        Assert.Equal(
            1,
            await manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => 1).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Assert.IsType<UnsayableException>(Assert.Single(faults).Exception);
        Assert.True(listener.Thrown > 20, $"The listener threw {listener.Thrown} times.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_listener_of_the_meter_gives_the_loop_to_do_does_not_wait_for_the_next_event(bool isTimer)
    {
        var longTime = TimeSpan.FromSeconds(20);
        string name = $"busy-{_name}";
        using var manager = new EventManager(new EventManagerOptions { Name = name });
        bool hasBegun = false;
        bool hasRun = false;
        using MeterListener listener = ListenTo(name, "vigil.loop.lag", () =>
        {
            if (hasBegun)
            {
                return;
            }

            hasBegun = true;
            if (isTimer)
            {
                manager.CreateTimerEvent(TimeSpan.FromMilliseconds(1), (_, _) => hasRun = true);
            }
            else
            {
                manager.Defer(_ => hasRun = true);
            }
        });

        // Opens the clock, and is due later.
        manager.CreateTimerEvent(TimeSpan.FromHours(1), (_, _) => { });
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(1, manager.RunOnce(longTime));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < longTime, "The loop slept.");
        Assert.True(hasRun);
    }

    [Fact]
    public void A_timer_that_a_listener_of_the_meter_cancels_is_not_called_any_more()
    {
        string name = $"cancelled-{_name}";
        using var manager = new EventManager(new EventManagerOptions { Name = name });
        bool isCalled = false;
        int measured = 0;
        TimerEvent? timer = null;
        using MeterListener listener = ListenTo(name, "vigil.timer.lateness", () =>
        {
            measured++;
            timer!.Cancel();
        });
        timer = manager.CreateTimerEvent(TimeSpan.Zero, (_, _) => isCalled = true);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(1, measured);
        Assert.False(isCalled);
        Assert.True(timer.IsCancelled);
    }

    private static MeterListener ListenTo(string manager, string instrument, Action measured)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (published, self) =>
            {
                if (string.Equals(published.Name, instrument, StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            if (string.Equals(tags[0].Value as string, manager, StringComparison.Ordinal))
            {
                measured();
            }
        });
        listener.Start();
        return listener;
    }

    [Fact]
    public void What_a_listener_leaves_in_its_context_is_not_seen_by_the_callback_that_it_measures()
    {
        var local = new AsyncLocal<string?>();
        string name = $"context-{_name}";
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (string.Equals(instrument.Meter.Name, "Vigil", StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        int measured = 0;
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            if (string.Equals(tags[0].Value as string, name, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref measured);
                local.Value = "the listener's";
            }
        });
        listener.Start();
        using var manager = new EventManager(new EventManagerOptions { Name = name });
        List<string?> seen = [];

        // A context of its own would be entered.
        using (ExecutionContext.SuppressFlow())
        {
            manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), (_, _) => seen.Add(local.Value));
        }

        manager.RunUntil(() => seen.Count >= 20);
        Assert.All(seen, Assert.Null);
        Assert.True(measured >= 20, $"{measured} measurements");
    }

    [Fact]
    public async Task What_a_listener_of_the_event_source_leaves_in_its_context_is_not_seen_by_what_it_traces()
    {
        var local = new AsyncLocal<string?>();
        await using var pool = new WorkerPool(new WorkerPoolOptions { Name = _name, ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Name = _name, Workers = pool });
        using var listener = new LeavingListener(_name, local);
        List<string?> seen = [];
        using (ExecutionContext.SuppressFlow())
        {
            manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), (_, _) => seen.Add(local.Value));
        }

        manager.RunUntil(() => seen.Count >= 10);
        using (ExecutionContext.SuppressFlow())
        {
            for (int i = 0; i < 10; i++)
            {
                seen.Add(Patience.Result(manager.ExecuteWorkAsync(WorkPriority.Normal, () => local.Value)));
            }
        }

        Assert.All(seen, Assert.Null);
        Assert.True(listener.Written > 20, $"{listener.Written} events");
    }

    [Fact]
    public void What_a_handler_of_reports_leaves_in_its_context_is_not_seen_by_the_next()
    {
        var local = new AsyncLocal<string?>();
        var seen = new ConcurrentQueue<string?>();
        using var manager = new EventManager(
            new EventManagerOptions { Name = _name, Watchdog = new WatchdogOptions { CallbackBudget = TimeSpan.FromMilliseconds(20) } });
        for (int i = 0; i < 2; i++)
        {
            manager.SlowCallbackReported += (_, _) =>
            {
                seen.Enqueue(local.Value);
                local.Value = "the handler's";
            };
        }

        // It ends when it was reported as running, and then is reported as ended.
        manager.Defer(_ => Assert.True(SpinWait.SpinUntil(() => seen.Count >= 2, Patience.Limit)));
        manager.RunOnce();
        Assert.True(SpinWait.SpinUntil(() => seen.Count >= 4, Patience.Limit));
        Assert.All(seen, Assert.Null);
    }

    [Fact]
    public void A_handler_of_faults_that_throws_keeps_no_other_from_being_told()
    {
        using var manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Report });
        List<FaultReport> faults = [];
        manager.FaultReported += (_, _) => throw new FormatException("the handler");
        manager.FaultReported += (_, report) => faults.Add(report);
        bool hasRun = false;
        manager.Defer(_ => throw new InvalidOperationException("the callback"));
        manager.Defer(_ => hasRun = true);
        Assert.Equal("the handler", Assert.Throws<FormatException>(() => manager.RunOnce()).Message);
        Assert.Equal("the callback", Assert.Single(faults).Exception.Message);
        Assert.True(hasRun);
    }

    private sealed class UnsayableException : Exception
    {
        public override string Message => throw new InvalidOperationException("the message");
    }

    private sealed class LeavingListener : EventListener
    {
        private readonly string _name;
        private readonly AsyncLocal<string?> _local;
        private int _written;

        public LeavingListener(string name, AsyncLocal<string?> local)
        {
            _name = name;
            _local = local;
            EnableEvents(
                EventSource.GetSources().Single(source => string.Equals(source.Name, "Vigil", StringComparison.Ordinal)),
                EventLevel.Verbose,
                EventKeywords.All);
        }

        public int Written => Volatile.Read(ref _written);

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            // Only this test's manager and pool.
            if (_name is not null && eventData.Payload?[0] is string name && name.StartsWith(_name, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _written);
                _local.Value = "the listener's";
            }
        }
    }

    private sealed class ThrowingListener : EventListener
    {
        private readonly string _name;
        private int _thrown;

        public ThrowingListener(string name)
        {
            _name = name;
            foreach (EventSource source in EventSource.GetSources())
            {
                OnEventSourceCreated(source);
            }
        }

        public int Thrown => Volatile.Read(ref _thrown);

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (string.Equals(eventSource.Name, "Vigil", StringComparison.Ordinal))
            {
                EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (_name is not null && eventData.Payload is [string first, ..] && first.StartsWith(_name, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _thrown);
                throw new InvalidOperationException("the listener");
            }
        }
    }
}
