using System.Text.Json;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Metrics;
using MetricsGateway.Tests.Network;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Tests.Flushing;

public sealed class FlusherTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly MetricStore _store;
    private readonly TrafficTotals _totals = new();
    private readonly UnixPipe _pipe = new();
    private readonly StringWriter _errors = new();
    private readonly HeldWork _workers = new();
    private readonly EventManager _manager;
    private readonly ReportConsole _console;
    private readonly GraphiteSender _graphite;
    private readonly FlushTargets _targets;
    private readonly Flusher _flusher;
    private readonly byte[] _buffer = new byte[1 << 16];

    public FlusherTests()
    {
        GatewayOptions options = GatewayOptions.Defaults;
        LineBlockPool pool = new();
        _store = new MetricStore(options);
        _manager = new EventManager(new EventManagerOptions { Workers = _workers });
        _console = new ReportConsole(_pipe.Writer, _errors);
        LineHandover handover = new(options.GraphiteBuffer, pool);
        _graphite = new GraphiteSender(_manager, handover, pool, _time, _errors);
        _targets = new FlushTargets(_console, new FlushFile(_manager, thread: 0, _errors), _graphite) { UsesConsole = true };
        _flusher = new Flusher(
            _manager,
            _store,
            () => _totals.Counts,
            new FlushTexts(FlushPlan.Of(options), handover, pool),
            _targets,
            _time);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _graphite.Dispose();
        _console.Dispose();
        _pipe.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public async Task Each_flush_tells_what_came_since_the_one_before()
    {
        Receive("hits:5|c\nlevel:1|g");
        _time.Advance(10);
        FlushNow();
        JsonElement[] first = await ReadReportAsync();
        Receive("hits:7|c");
        _time.Advance(10);
        FlushNow();
        JsonElement[] second = await ReadReportAsync();

        Assert.Equal(1, first[0].GetProperty("flush").GetInt64());
        Assert.Equal(ManualTime.Start.AddSeconds(10), first[0].GetProperty("time").GetDateTimeOffset());
        Assert.Equal(5, first[1].GetProperty("count").GetDouble());
        Assert.Equal(0.5, first[1].GetProperty("rate").GetDouble());
        Assert.Equal(2, second[0].GetProperty("flush").GetInt64());
        Assert.Equal(7, second[1].GetProperty("count").GetDouble());
        Assert.Equal(0.7, second[1].GetProperty("rate").GetDouble());
        Assert.Equal(1, second[2].GetProperty("value").GetDouble());
    }

    [Fact]
    public async Task A_late_flush_tells_how_late_and_what_fell_out_and_its_rates_are_of_the_time_it_took()
    {
        Receive("hits:50|c");
        _time.Advance(25);
        _flusher.Flush(lateness: TimeSpan.FromSeconds(15), missed: 1);
        Compute();

        JsonElement[] report = await ReadReportAsync();
        Assert.Equal(25, report[0].GetProperty("seconds").GetDouble());
        Assert.Equal(15_000, report[0].GetProperty("late_ms").GetDouble());
        Assert.Equal(1, report[0].GetProperty("missed").GetInt64());
        Assert.Equal(2, report[1].GetProperty("rate").GetDouble());

        _time.Advance(3);
        FlushStatus status = _flusher.Status;
        Assert.Equal(1, status.Count);
        Assert.Equal(1, status.Missed);
        Assert.Equal(TimeSpan.FromSeconds(15), status.LastLateness);
        Assert.Equal(TimeSpan.FromSeconds(3), status.SinceLast);
    }

    [Fact]
    public void Before_the_first_flush_there_is_none() => Assert.Null(_flusher.Status.SinceLast);

    [Fact]
    public async Task What_is_left_at_the_end_is_flushed_and_told_after_the_flush_that_is_being_computed()
    {
        Receive("hits:3|c");
        _time.Advance(10);
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Receive("hits:5|c");
        _time.Advance(2);
        Task last = Task.CompletedTask;
        _manager.Defer(_ => last = _flusher.FlushLast());
        _manager.RunOnce(TimeSpan.Zero);
        Assert.False(last.IsCompleted);

        Compute();
        await ReadReportAsync();
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && _workers.RunAll() >= 0 && last.IsCompleted, () => "no last flush");

        JsonElement[] report = await ReadReportAsync();
        Assert.True(report[0].GetProperty("last").GetBoolean());
        Assert.Equal(2.5, report[1].GetProperty("rate").GetDouble());
    }

    [Fact]
    public async Task A_flush_that_is_due_while_another_one_is_computed_falls_out_and_the_next_one_has_what_it_would_have_told()
    {
        Receive("hits:1|c");
        _time.Advance(10);
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Receive("hits:2|c");
        _time.Advance(10);
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        _time.Advance(20);
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 1);
        Assert.Equal(1, _flusher.Status.Count);
        Assert.Equal(3, _flusher.Status.Missed);
        Compute();
        JsonElement[] first = await ReadReportAsync();
        Receive("hits:4|c");
        _time.Advance(10);

        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Compute();

        JsonElement[] second = await ReadReportAsync();
        Assert.Equal(1, first[1].GetProperty("count").GetDouble());
        Assert.Equal(2, second[0].GetProperty("flush").GetInt64());
        Assert.Equal(3, second[0].GetProperty("missed").GetInt64());
        Assert.Equal(40, second[0].GetProperty("seconds").GetDouble());
        Assert.Equal(6, second[1].GetProperty("count").GetDouble());
    }

    [Fact]
    public async Task An_interval_that_no_worker_takes_goes_on_and_the_next_flush_has_all_of_it()
    {
        Receive("hits:1|c\nlevel:1|g");
        FlushNow();
        await ReadReportAsync();
        Receive("hits:2|c\nlevel:5|g");
        _time.Advance(10);
        _workers.IsFull = true;
        Assert.ThrowsAny<Exception>(() => _flusher.Flush(lateness: TimeSpan.Zero, missed: 0));
        _workers.IsFull = false;
        Assert.True(_store.Gauges.TryGet("level"u8, out Gauge? level));
        Assert.Equal(5, level.Value);
        Receive("hits:4|c");
        _time.Advance(10);

        FlushNow();

        JsonElement[] report = await ReadReportAsync();
        Assert.Equal(2, report[0].GetProperty("flush").GetInt64());
        Assert.Equal(1, report[0].GetProperty("missed").GetInt64());
        Assert.Equal(2, _flusher.Status.Count);
        Assert.Equal(1, _flusher.Status.Missed);
        Assert.Equal(20, report[0].GetProperty("seconds").GetDouble());
        Assert.Equal(6, report[1].GetProperty("count").GetDouble());
        Assert.Equal(5, report[2].GetProperty("value").GetDouble());
    }

    [Fact]
    public void A_fault_in_telling_a_flush_does_not_end_the_flushes()
    {
        using StringWriter errors = new();
        using EventManager manager = new(new EventManagerOptions { Workers = _workers, FaultPolicy = FaultPolicy.Detach });
        LineBlockPool pool = new();
        LineHandover handover = new(limit: 1, pool);
        using GraphiteSender graphite = new(manager, handover, pool, _time, new BrokenWriter());
        FlushTargets targets = new(_console, new FlushFile(manager, thread: 0, errors), graphite);
        FlushTexts texts = new(FlushPlan.Of(GatewayOptions.Defaults), handover, pool);
        Flusher flusher = new(manager, _store, () => default, texts, targets, _time);
        graphite.Apply(GatewayOptions.Defaults with { GraphiteSend = KeptPort.NextAtLoopback() });
        handover.SetLimit(1);
        int faults = 0;
        manager.FaultReported += (_, _) => faults++;
        Receive(string.Join('\n', Enumerable.Range(0, 1_000).Select(i => $"level{i}:1|g")));
        flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Task computed = flusher.WhenComputed();
        _workers.RunAll();

        Patience.WaitUntil(() => manager.RunOnce(TimeSpan.Zero) >= 0 && computed.IsCompleted && faults > 0, () => "the flush is not over");

        flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Assert.Equal(2, flusher.Status.Count);
        Assert.Equal(0, flusher.Status.Missed);
    }

    [Fact]
    public void A_flush_that_fails_in_the_worker_is_counted_and_so_is_the_report_that_nobody_gets()
    {
        using StringWriter errors = new();
        using EventManager manager = new(new EventManagerOptions { Workers = _workers, FaultPolicy = FaultPolicy.Detach });
        LineBlockPool pool = new();
        LineHandover handover = new(limit: 1_000_000, pool);
        using GraphiteSender graphite = new(manager, handover, pool, _time, errors);
        FlushTargets targets = new(_console, new FlushFile(manager, thread: 0, errors), graphite) { UsesConsole = true };
        Flusher flusher = new(
            manager,
            _store,
            () => default,
            new FlushTexts(FlushPlan.Of(GatewayOptions.Defaults), handover, pool),
            targets,
            _time);
        graphite.Apply(GatewayOptions.Defaults with { GraphiteSend = KeptPort.NextAtLoopback() });
        handover.Added += () => throw new InvalidOperationException("it is broken");
        int faults = 0;
        manager.FaultReported += (_, _) => faults++;
        Receive("hits:1|c");
        flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Task computed = flusher.WhenComputed();
        _workers.RunAll();

        Patience.WaitUntil(() => manager.RunOnce(TimeSpan.Zero) >= 0 && computed.IsCompleted && faults > 0, () => "the flush is not over");

        Assert.Equal(1, flusher.Status.Failed);
        Assert.Equal(1, flusher.Status.LostReports);
        Assert.Equal(1, flusher.Status.Count);
    }

    [Fact]
    public void Names_that_are_deleted_and_come_while_a_flush_is_computed_are_where_they_belong()
    {
        _store.Apply(GatewayOptions.Defaults with { DeleteCounters = true, DeleteTimers = true, MaxNames = 5 });
        Receive("idle:1|c\nback:1|c\ngone:1|c\ngone:1:2:3:4:5:6|ms");
        FlushNow();
        Receive("gone:1|c\ngone:1:2:3:4:5:6|ms");
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        _store.Counters.Delete("gone");
        _store.Timers.Delete("gone");
        Receive("back:1|c\nnew:1|c");
        Compute();

        Assert.False(_store.Counters.TryGet("idle"u8, out _));
        Assert.True(_store.Counters.TryGet("back"u8, out Counter? back));
        Assert.Equal(1, back.Value);
        Assert.True(_store.Counters.TryGet("new"u8, out _));
        Assert.Equal(2, _store.NameCount);
        FlushNow();
        Assert.Equal(0, _store.TimerSampleCount);
        FlushNow();
        Assert.Equal(0, _store.TimerSampleCount);
    }

    [Fact]
    public async Task More_idle_names_than_one_turn_deletes_are_deleted_all_the_same()
    {
        _store.Apply(GatewayOptions.Defaults with { DeleteCounters = true });
        Receive(string.Join('\n', Enumerable.Range(0, 3_500).Select(i => $"n{i}:1|c")));
        FlushNow();
        await ReadAllAsync();
        Assert.Equal(3_500, _store.NameCount);

        FlushNow();

        Assert.Equal(0, _store.NameCount);
    }

    [Fact]
    public async Task Without_a_reader_intervals_end_all_the_same_and_the_reports_are_counted_as_lost()
    {
        _pipe.Reader.Dispose();
        Receive("hits:5|c");
        FlushNow();
        await _console.WhenWritten().WaitAsync(Patience.Limit);
        Assert.Equal(0, _flusher.Status.LostReports);

        Receive("hits:7|c");
        FlushNow();

        Assert.Equal(1, _flusher.Status.LostReports);
        Assert.Equal(2, _flusher.Status.Count);
        Assert.True(_store.Counters.TryGet("hits"u8, out Counter? counter));
        Assert.Equal(0, counter.Value);
    }

    [Fact]
    public void Without_a_console_nothing_is_reported_and_nothing_lost()
    {
        _targets.UsesConsole = false;
        Receive("hits:5|c");

        FlushNow();
        FlushNow();

        Assert.Equal(2, _flusher.Status.Count);
        Assert.Equal(0, _flusher.Status.LostReports);
        Assert.True(_store.Counters.TryGet("hits"u8, out Counter? counter));
        Assert.Equal(0, counter.Value);
        Assert.True(NonBlocking.TryRead(_pipe.Reader, _buffer).WouldBlock);
    }

    private void FlushNow()
    {
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        Compute();
    }

    // Runs the workers' part, and then the loop's.
    private void Compute()
    {
        Task computed = _flusher.WhenComputed();
        Assert.Equal(1, _workers.RunAll());
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && computed.IsCompleted, () => "the flush is not over");
    }

    private async Task<JsonElement[]> ReadReportAsync()
    {
        await _console.WhenWritten().WaitAsync(Patience.Limit);
        int count = NonBlocking.TryRead(_pipe.Reader, _buffer).Count;
        string[] lines = new ReadOnlySpan<byte>(_buffer, 0, count).Text().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    // The report is larger than the pipe.
    private async Task ReadAllAsync()
    {
        Task written = _console.WhenWritten();
        Patience.WaitUntil(() => NonBlocking.TryRead(_pipe.Reader, _buffer).WouldBlock && written.IsCompleted, () => "it is not written");
        await written;
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(string? value) => throw new InvalidOperationException("it is broken");
    }

    private void Receive(string packet) => new StatsDReceiver(_store, new ProtocolTotals("test"), 8192).ReceivePacket(packet.Utf8());
}
