using System.Net.Sockets;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>The signals of the running program, other than those that end it.</summary>
public sealed class SignalTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();

    public void Dispose() => _configuration.Dispose();

    [Theory]
    [InlineData("--default-signal=HUP,INT,TERM,USR1")]
    [InlineData("--default-signal=HUP,INT,TERM,USR1 --block-signal=HUP,INT,TERM,USR1")]
    public void HUP_reloads_the_file_and_connections_and_half_received_lines_stay(string signals)
    {
        using GatewayProcess gateway = GatewayProcess.StartWithSignals(signals, "--config", _configuration.Path);
        gateway.ReadUntilListening();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send("hal"u8);
        admin.WaitForStat("statsd_tcp.packets", 1);

        _configuration.Write(("max-names", 5));
        gateway.Signal("HUP");

        gateway.WaitForError($"MetricsGateway: reloaded {_configuration.Path}: max-names 100000 → 5; 2 connections kept\n");
        client.SendLine("f:1|c");
        admin.WaitForCounter("half", 1);
        gateway.Signal("TERM");
        Assert.Equal(0, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void HUP_with_a_bad_file_says_where_and_why_and_changes_nothing()
    {
        using GatewayProcess gateway = Start();

        _configuration.WriteText("{\n  \"graphite\": \"off\",\n  \"max-names\": \"many\"\n}");
        gateway.Signal("HUP");

        gateway.WaitForError(
            $"MetricsGateway: not reloaded, everything stays as it was: {_configuration.Path}:3: 'max-names' must be a whole number");
        using Socket client = Client.Connect(gateway.Graphite);
        client.SendLine("gauge 1 1");
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForStat("graphite.metrics", 1);
    }

    [Fact]
    public void HUP_without_a_file_has_nothing_to_reload()
    {
        using GatewayProcess gateway = GatewayProcess.Start();

        gateway.Signal("HUP");

        gateway.WaitForError("MetricsGateway: nothing to reload: started without --config\n");
        using AdminClient admin = gateway.ConnectAdmin();
        Assert.Equal(1, admin.Stat("connections.open"));
    }

    [Fact]
    public void HUP_that_is_ignored_is_said_once_where_there_is_a_file_to_reload()
    {
        using GatewayProcess gateway = GatewayProcess.StartWithSignals("--ignore-signal=HUP,INT", "--config", _configuration.Path);
        gateway.ReadUntilListening();

        gateway.Signal("HUP", "INT", "TERM");

        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.Equal("MetricsGateway: SIGHUP is ignored (nohup), so it does not reload the configuration\n", errors);
    }

    [Fact]
    public void USR1_tells_the_state()
    {
        using GatewayProcess gateway = Start();
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.SendLine("hits:1|c");
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForCounter("hits", 1);

        gateway.Signal("USR1");

        // The last line of the state.
        gateway.WaitForError("  statsd_tcp: packets 1, bytes 9, lines 1, metrics 1\n");
        Assert.StartsWith("MetricsGateway: state\n", gateway.Errors, StringComparison.Ordinal);
        Assert.Contains($"  statsd-tcp {gateway.StatsDTcp}, 1 connection\n", gateway.Errors, StringComparison.Ordinal);
        Assert.Contains("  connections: open 2, accepted 2\n", gateway.Errors, StringComparison.Ordinal);
        Assert.Contains("  names: counters 1, total 1, bytes ", gateway.Errors, StringComparison.Ordinal);
    }

    private GatewayProcess Start()
    {
        GatewayProcess gateway = GatewayProcess.StartBare("--config", _configuration.Path);
        gateway.ReadUntilListening();
        return gateway;
    }
}
