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

    private void RunUntil(Func<bool> condition) =>
        Patience.WaitUntil(() => _manager.RunOnce(TimeSpan.Zero) >= 0 && condition(), () => "it did not happen");

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(string? value) => throw new InvalidOperationException("it is broken");
    }
}
