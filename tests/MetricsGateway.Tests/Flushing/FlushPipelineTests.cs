using System.Globalization;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;
using MetricsGateway.Tests.Network;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Tests.Flushing;

/// <summary>The way from the store to the targets, at the gateway's end.</summary>
public sealed class FlushPipelineTests : IDisposable
{
    private static readonly GatewayOptions EveryTenSeconds = GatewayOptions.Defaults with { FlushInterval = TimeSpan.FromSeconds(10) };

    private readonly ManualTime _time = new();
    private readonly HeldWork _workers = new();
    private readonly UnixPipe _pipe = new();
    private readonly ErrorText _errors = new();
    private readonly MetricStore _store = new(EveryTenSeconds);
    private readonly EventManager _manager;
    private readonly FlushPipeline _pipeline;

    public FlushPipelineTests()
    {
        _manager = new EventManager(new EventManagerOptions { Workers = _workers, TimeProvider = _time });
        _pipeline = new FlushPipeline(EveryTenSeconds, _manager, _store, () => default, _pipe.Writer, _errors, _time);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _pipeline.Dispose();
        _pipe.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public void A_flush_that_is_being_computed_when_flushes_are_turned_off_is_told_before_the_end()
    {
        Assert.True(_store.Counters.TryGetOrAdd("hits"u8, out Counter? counter));
        counter.Add(3, sampleRate: 1);
        _time.Advance(10);
        _manager.RunOnce(TimeSpan.Zero);
        _pipeline.Apply(EveryTenSeconds with { FlushInterval = null });

        _pipeline.Stop(patience: null);
        Task last = _pipeline.FlushLast();

        Assert.False(last.IsCompleted);
        Assert.Equal(1, _workers.RunAll());
        WaitFor(last);
        WaitFor(_pipeline.Finish("totals\n"u8.ToArray()));
        byte[] buffer = new byte[1 << 16];
        string text = buffer.AsSpan(0, NonBlocking.TryRead(_pipe.Reader, buffer).Count).Text();
        Assert.Contains("{\"counter\":\"hits\",\"count\":3,", text, StringComparison.Ordinal);
        Assert.EndsWith("}\ntotals\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Until_the_last_flush_is_told_the_end_has_something_left_and_says_what()
    {
        _time.Advance(10);
        _manager.RunOnce(TimeSpan.Zero);
        _pipeline.Stop(patience: null);
        Task last = Task.CompletedTask;
        _manager.Defer(_ => last = _pipeline.FlushLast());

        // The previous flush is computed, then the last one.
        Assert.Equal(["the last flush was not computed", "the totals are not told"], _pipeline.DescribeLeft());
        WaitFor(Task.CompletedTask);
        Assert.Equal(1, _workers.RunAll());
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && _pipeline.Status?.Count == 2, () => "no last flush");
        Assert.False(last.IsCompleted);

        // Until the console's thread has written the previous report, that is left, too.
        Patience.WaitUntil(
            () => _pipeline.DescribeLeft().SequenceEqual(["the last flush was not computed", "the totals are not told"]),
            () => string.Join("; ", _pipeline.DescribeLeft()));

        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && _workers.RunAll() >= 0 && last.IsCompleted, () => "no last flush");
        WaitFor(_pipeline.Finish("totals\n"u8.ToArray()));
        Assert.Empty(_pipeline.DescribeLeft());
    }

    [Fact]
    public void Where_there_are_no_flushes_none_is_left()
    {
        _pipeline.Apply(EveryTenSeconds with { FlushInterval = null });
        _pipeline.Stop(patience: null);

        Assert.Equal(["the totals are not told"], _pipeline.DescribeLeft());
    }

    [Theory]
    [InlineData(3, "12:00:23 12:00:30 12:00:40")]
    [InlineData(7, "12:00:27 12:00:40 12:00:50")]
    [InlineData(3600, "13:00:20 13:00:30 13:00:40")]
    [InlineData(-3, "12:00:17 12:00:30 12:00:40")]
    [InlineData(-7, "12:00:13 12:00:30 12:00:40")]
    [InlineData(-10, "12:00:10 12:00:30 12:00:40")]
    [InlineData(-12, "12:00:08 12:00:30 12:00:40")]
    [InlineData(-25, "11:59:55 12:00:00 12:00:10")]
    [InlineData(-3600, "11:00:20 11:00:30 11:00:40")]
    public void When_the_clock_was_set_intervals_end_at_the_times_they_are_told_under_again(double seconds, string ends)
    {
        List<string> ended = [];
        PassSeconds(10, ended);
        Assert.Equal(["12:00:10"], ended);
        ended.Clear();

        _time.Step = TimeSpan.FromSeconds(seconds);
        PassSeconds(60, ended);

        Assert.Equal(ends, string.Join(' ', ended.Take(3)));
    }

    [Fact]
    public void An_interval_that_no_worker_takes_is_lost_by_nobody()
    {
        _pipe.Reader.Dispose();
        _time.Advance(10);
        _manager.RunOnce(TimeSpan.Zero);
        Patience.WaitUntil(
            () => _workers.RunAll() >= 0 && _manager.RunOnce(TimeSpan.Zero) >= 0 && _errors.ToString().Length > 0,
            () => "the reader is not missed");
        _workers.IsFull = true;
        _time.Advance(10);

        Assert.ThrowsAny<Exception>(() => _manager.RunOnce(TimeSpan.Zero));

        Assert.Equal(1, _pipeline.Status?.Count);
        Assert.Equal(1, _pipeline.Status?.Missed);
        Assert.Equal(0, _pipeline.Status?.LostReports);
    }

    private void PassSeconds(int count, List<string> ended)
    {
        for (int i = 0; i < count; i++)
        {
            _time.Advance(1);
            long before = _pipeline.Status!.Count;
            _manager.RunOnce(TimeSpan.Zero);
            if (_pipeline.Status!.Count > before)
            {
                ended.Add(_time.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture));
                Assert.Equal(1, _workers.RunAll());
                _manager.RunOnce(TimeSpan.Zero);
                _manager.RunOnce(TimeSpan.Zero);
            }
        }
    }

    private void WaitFor(Task task) =>
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && task.IsCompleted, () => "it does not end");
}
