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
    private readonly EventManager _manager;

    public GraphiteSenderTests()
    {
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
        using GraphiteSender sender = new(_manager, new LineBlockPool(), _time, errors);
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
        using GraphiteSender sender = new(_manager, new LineBlockPool(), _time, errors);
        sender.Apply(GatewayOptions.Defaults with { GraphiteSend = _server.Endpoint });
        RunUntil(() => sender.Status.IsConnected);
        _time.Advance(10);
        for (int i = 0; i < 3; i++)
        {
            sender.Send([Line()], leftOut: 5);
            RunUntil(() => sender.Status.WaitingBytes == 0);
        }

        Assert.Single(errors.ToString().Split('\n')[..^1]);
        sender.Send([Line()], leftOut: 0);
        RunUntil(() => errors.ToString().Contains(" again, after 0.0 s and 0 failures; 15 lines were dropped\n", StringComparison.Ordinal));
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
