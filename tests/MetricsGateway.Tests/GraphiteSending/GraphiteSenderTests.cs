using MetricsGateway.Configuration;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;
using Vigil;

namespace MetricsGateway.Tests.GraphiteSending;

public sealed class GraphiteSenderTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly GraphiteServer _server = new();
    private readonly LineBlockPool _pool = new();
    private readonly LineHandover _handover;
    private readonly EventManager _manager;

    public GraphiteSenderTests()
    {
        _handover = new LineHandover(1_000, _pool);
        _manager = new EventManager(new EventManagerOptions { FaultPolicy = FaultPolicy.Detach, TimeProvider = _time });
    }

    public void Dispose()
    {
        _manager.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_fault_in_what_is_done_when_a_connection_ends_does_not_end_the_tries()
    {
        using BrokenWriter errors = new();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        int faults = 0;
        _manager.FaultReported += sender.OnFault;
        _manager.FaultReported += (_, _) => faults++;
        _server.Kill();
        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint });
        RunUntil(() => faults == 1);
        _server.Return();

        RunUntil(() =>
        {
            _time.Advance(1);
            return sender.Status.IsConnected;
        });
    }

    [Fact]
    public void Flushes_that_are_larger_than_what_may_wait_are_one_trouble_until_one_is_not()
    {
        using StringWriter errors = new();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint });
        _handover.SetLimit(1);
        RunUntil(() => sender.Status.IsConnected);
        _time.Advance(10);
        for (int i = 0; i < 3; i++)
        {
            // A flush without patience never waits for the loop.
            _handover.Begin(TimeSpan.Zero);
            for (int line = 0; line < 6; line++)
            {
                _handover.Add(Line());
            }

            sender.EndFlush();
            RunUntil(() => sender.Status.WaitingBytes == 0);
        }

        Assert.Single(errors.ToString().Split('\n')[..^1]);
        _handover.Add(Line());
        sender.EndFlush();
        RunUntil(() => errors.ToString().Contains(" again, after 0.0 s and 0 failures; 15 lines were dropped\n", StringComparison.Ordinal));
    }

    [Fact]
    public void A_flush_that_is_larger_than_what_may_wait_is_sent_as_a_whole_to_a_server_that_takes_it()
    {
        const int Lines = 100_000;
        using StringWriter errors = new();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint, GraphiteBuffer = 1 << 16 });
        RunUntil(() => sender.Status.IsConnected);
        Task worker = OnThread(() =>
        {
            _handover.Begin(Patience.Limit);
            for (int line = 0; line < Lines; line += 100)
            {
                _handover.Add(Block(line, 100));
            }
        });

        RunUntil(() =>
        {
            _server.ReadUntil(() => true);
            Assert.InRange(sender.Status.WaitingBytes, 0, 1 << 16);
            return worker.IsCompleted;
        });
        sender.EndFlush();
        RunUntil(() => sender.Status.WaitingBytes == 0);
        _server.ReadUntil(() => _server.Lines.Count == Lines);

        Assert.Equal(Enumerable.Range(0, Lines).Select(line => $"name{line} 1 1700000000"), _server.Lines);
        Assert.Equal(0, sender.Status.DroppedLines);
        Assert.Equal("", errors.ToString());
    }

    [Fact]
    public void Who_writes_a_flush_waits_for_nobody_where_the_server_cannot_be_reached()
    {
        using StringWriter errors = new();
        _server.Kill();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint, GraphiteBuffer = 1 << 16 });
        RunUntil(() => sender.Status.Failures > 0);

        _handover.Begin(TimeSpan.FromDays(1));
        for (int line = 0; line < 100_000; line += 100)
        {
            _handover.Add(Block(line, 100));
        }

        sender.EndFlush();
        Assert.Equal(100_000, sender.Status.DroppedLines + sender.Status.WaitingLines);
        Assert.InRange(sender.Status.WaitingBytes, 1 << 15, 1 << 16);
    }

    [Fact]
    public void Who_waits_for_a_server_waits_no_longer_when_the_connection_is_lost()
    {
        using StringWriter errors = new();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        Task worker = WaitForServer(sender);

        _server.Kill();

        RunUntil(() => worker.IsCompleted);
    }

    [Fact]
    public void Who_waits_for_a_server_waits_no_longer_when_the_gateway_ends_and_nor_does_the_next_flush()
    {
        using StringWriter errors = new();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        Task worker = WaitForServer(sender);

        _handover.EndPatience(TimeSpan.Zero);

        RunUntil(() => worker.IsCompleted);
        Assert.True(sender.Status.IsConnected);
        Task last = OnThread(() =>
        {
            _handover.Begin(TimeSpan.FromDays(1));
            for (int line = 0; line < 10_000; line += 100)
            {
                _handover.Add(Block(line, 100));
            }
        });
        RunUntil(() => last.IsCompleted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_waits_for_a_server_waits_no_longer_when_it_is_turned_off_or_another_one_is_named(bool hasOther)
    {
        using StringWriter errors = new();
        using GraphiteServer other = new();
        other.Kill();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        Task worker = WaitForServer(sender);

        sender.Apply(
            GatewayOptions.Defaults with { GraphiteSend = hasOther ? (EndpointList)other.Endpoint : null, GraphiteBuffer = 1 << 16 });

        RunUntil(() => worker.IsCompleted);
        Assert.False(sender.Status.IsConnected);
    }

    [Fact]
    public void Who_waits_for_room_goes_on_when_more_may_wait()
    {
        using StringWriter errors = new();
        using GraphiteSender sender = new(_manager, _handover, _pool, _time, errors);
        Task worker = WaitForServer(sender);

        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint, GraphiteBuffer = 1 << 17 });

        RunUntil(() => sender.Status.WaitingBytes > (1 << 17) - (1 << 12));
        Assert.Equal(0, sender.Status.DroppedLines);
        Assert.False(worker.IsCompleted);
        _server.Kill();
        RunUntil(() => worker.IsCompleted);
    }

    // A dedicated thread: the pool has few threads on a machine with few processors, and other tests block them.
    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    // The worker that writes a flush waits for the server, which does not read.
    private Task WaitForServer(GraphiteSender sender)
    {
        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint, GraphiteBuffer = 1 << 16 });
        RunUntil(() => sender.Status.IsConnected);
        _server.Accept();
        Task worker = OnThread(() =>
        {
            _handover.Begin(TimeSpan.FromDays(1));
            for (int line = 0; line < 1_000_000; line += 100)
            {
                _handover.Add(Block(line, 100));
            }
        });
        int quiet = 0;
        RunUntil(
            () => (quiet = _manager.RunOnce(TimeSpan.Zero) == 0 ? quiet + 1 : 0) > 20
                && sender.Status.WaitingBytes > (1 << 16) - (1 << 12));
        Assert.False(worker.IsCompleted);
        return worker;
    }

    private static LineBlock Block(int first, int lines)
    {
        byte[] text = string.Concat(Enumerable.Range(first, lines).Select(line => $"name{line} 1 1700000000\n")).Utf8();
        LineBlock block = new(LineBlock.DefaultCapacity) { Length = text.Length, Lines = lines };
        text.CopyTo(block.Bytes, 0);
        return block;
    }

    private static LineBlock Line()
    {
        LineBlock block = new(LineBlock.DefaultCapacity) { Length = 1, Lines = 1 };
        block.Bytes[0] = (byte)'\n';
        return block;
    }

    private void RunUntil(Func<bool> condition) =>
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && condition(), () => "it did not happen");

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(string? value) => throw new InvalidOperationException("it is broken");
    }
}
