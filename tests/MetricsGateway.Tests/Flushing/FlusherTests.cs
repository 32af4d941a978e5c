using System.Text.Json;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Network;
using Vigil.IO;

namespace MetricsGateway.Tests.Flushing;

public sealed class FlusherTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly MetricStore _store = new(GatewayOptions.Defaults);
    private readonly UnixPipe _pipe = new();
    private readonly StringWriter _errors = new();
    private readonly ReportConsole _console;
    private readonly Flusher _flusher;
    private readonly byte[] _buffer = new byte[1 << 16];

    public FlusherTests()
    {
        _console = new ReportConsole(_pipe.Writer, _errors);
        _flusher = new Flusher(_store, new FlushReport(GatewayOptions.Defaults.Percentiles), _console, _time);
    }

    public void Dispose()
    {
        _console.Dispose();
        _pipe.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public async Task Each_flush_tells_what_came_since_the_one_before()
    {
        Receive("hits:5|c\nlevel:1|g");
        _time.Advance(10);
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        JsonElement[] first = await ReadReportAsync();
        Receive("hits:7|c");
        _time.Advance(10);
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
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
    public async Task What_is_left_at_the_end_is_flushed_and_told()
    {
        Receive("hits:5|c");
        _time.Advance(2);
        _flusher.FlushLast();

        JsonElement[] report = await ReadReportAsync();
        Assert.True(report[0].GetProperty("last").GetBoolean());
        Assert.Equal(2.5, report[1].GetProperty("rate").GetDouble());
    }

    [Fact]
    public async Task Without_a_reader_intervals_end_all_the_same_and_the_reports_are_counted_as_lost()
    {
        _pipe.Reader.Dispose();
        Receive("hits:5|c");
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        await _console.WhenWritten().WaitAsync(Patience.Limit);
        Assert.Equal(0, _flusher.Status.LostReports);

        Receive("hits:7|c");
        _flusher.Flush(lateness: TimeSpan.Zero, missed: 0);

        Assert.Equal(1, _flusher.Status.LostReports);
        Assert.Equal(2, _flusher.Status.Count);
        Assert.True(_store.Counters.TryGet("hits"u8, out Counter? counter));
        Assert.Equal(0, counter.Value);
    }

    [Fact]
    public void Without_a_console_nothing_is_reported_and_nothing_lost()
    {
        Flusher flusher = new(_store, new FlushReport(PercentileList.None), console: null, _time);
        Receive("hits:5|c");

        flusher.Flush(lateness: TimeSpan.Zero, missed: 0);
        flusher.FlushLast();

        Assert.Equal(2, flusher.Status.Count);
        Assert.Equal(0, flusher.Status.LostReports);
        Assert.True(_store.Counters.TryGet("hits"u8, out Counter? counter));
        Assert.Equal(0, counter.Value);
    }

    private async Task<JsonElement[]> ReadReportAsync()
    {
        await _console.WhenWritten().WaitAsync(Patience.Limit);
        int count = NonBlocking.TryRead(_pipe.Reader, _buffer).Count;
        string[] lines = new ReadOnlySpan<byte>(_buffer, 0, count).Text().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private void Receive(string packet) => new StatsDReceiver(_store, new ProtocolTotals("test"), 8192).ReceivePacket(packet.Utf8());
}
