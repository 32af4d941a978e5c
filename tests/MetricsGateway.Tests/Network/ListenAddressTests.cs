using System.Net;
using System.Net.Sockets;
using MetricsGateway.Network;
using MetricsGateway.Tests.Operation;

namespace MetricsGateway.Tests.Network;

/// <summary>The addresses of listeners: one family or both, several addresses, names.</summary>
public sealed class ListenAddressTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();

    public void Dispose() => _configuration.Dispose();

    [Theory]
    [InlineData("statsd-udp", SocketType.Dgram, ProtocolType.Udp)]
    [InlineData("statsd-tcp", SocketType.Stream, ProtocolType.Tcp)]
    [InlineData("graphite", SocketType.Stream, ProtocolType.Tcp)]
    [InlineData("admin", SocketType.Stream, ProtocolType.Tcp)]
    public void A_port_that_is_taken_is_told_with_the_option_that_wants_it(string option, SocketType type, ProtocolType protocol)
    {
        using Socket holder = new(AddressFamily.InterNetwork, type, protocol);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (type == SocketType.Stream)
        {
            holder.Listen();
        }

        _configuration.Write((option, holder.LocalEndPoint!.ToString()!));

        ListenException exception = Assert.Throws<ListenException>(() => new RunningGateway(_configuration.Source()));
        Assert.Equal($"cannot listen on {holder.LocalEndPoint} (--{option}): Address already in use", exception.Message);
    }

    [Fact]
    public void All_addresses_of_IPv6_are_those_of_IPv4_too()
    {
        using RunningGateway gateway = Start("[::]:0", "[::]:0");
        using AdminClient admin = gateway.ConnectAdmin();
        int udp = gateway.StatsDUdp.Port;
        int tcp = gateway.StatsDTcp.Port;
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            Client.SendDatagram(new IPEndPoint(address, udp), "udp:1|c"u8);
            using Socket client = Client.Connect(new IPEndPoint(address, tcp));
            client.SendLine("tcp:1|c");
            client.Shutdown(SocketShutdown.Send);
            client.ReceiveToEnd();
        }

        admin.WaitForCounter("udp", 2);
        admin.WaitForCounter("tcp", 2);
    }

    [Fact]
    public void They_are_not_if_that_is_asked_for()
    {
        int udp = KeptPort.Next();
        int tcp = KeptPort.Next();
        using RunningGateway gateway = Start($"[::]:{udp}", $"[::]:{tcp}", ("ipv6-only", "on"));

        using Socket other = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Any, udp));
        Assert.Throws<SocketException>(() => Client.Connect(new IPEndPoint(IPAddress.Loopback, tcp)));
    }

    [Fact]
    public void Several_addresses_are_all_listened_on()
    {
        using RunningGateway gateway = Start("127.0.0.1:0,127.0.0.2:0,[::1]:0", "localhost:0");
        using AdminClient admin = gateway.ConnectAdmin();
        IPEndPoint[] places = gateway.Places("statsd-udp");
        Assert.Equal(["127.0.0.1", "127.0.0.2", "::1"], places.Select(place => place.Address.ToString()));
        Assert.Contains(IPAddress.Loopback, gateway.Places("statsd-tcp").Select(place => place.Address));

        Array.ForEach(places, place => Client.SendDatagram(place, "all:1|c"u8));
        admin.WaitForCounter("all", 3);
    }

    [Fact]
    public void Both_families_may_have_an_address_of_their_own_at_one_port()
    {
        int port = KeptPort.Next();
        using RunningGateway gateway = Start($"0.0.0.0:{port},[::]:{port}", $"[::]:{port},127.0.0.1:{port}");

        Assert.Equal([$"0.0.0.0:{port}", $"[::]:{port}"], gateway.Places("statsd-udp").Select(place => place.ToString()));
        Client.Connect(new IPEndPoint(IPAddress.Loopback, port)).Dispose();
        Client.Connect(new IPEndPoint(IPAddress.IPv6Loopback, port)).Dispose();
    }

    [Fact]
    public void A_name_that_nobody_knows_ends_the_start_with_a_word()
    {
        using GatewayProcess gateway = GatewayProcess.StartBare("--statsd-udp", "no-such-host.invalid:0");

        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("MetricsGateway: cannot look up no-such-host.invalid (--statsd-udp): ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reload_changes_one_address_of_several_and_the_others_stay()
    {
        _configuration.Write(("statsd-tcp", "127.0.0.1:0,127.0.0.2:0"));
        using RunningGateway gateway = new(_configuration.Source());
        using AdminClient admin = gateway.ConnectAdmin();
        IPEndPoint[] before = gateway.Places("statsd-tcp");
        using Socket staying = Client.Connect(before[0]);
        using Socket leaving = Client.Connect(before[1]);
        admin.WaitForStat("connections.open", 3);

        _configuration.Write(("statsd-tcp", "127.0.0.1:0,127.0.0.3:0"));
        string answer = admin.Ask("reload");

        Assert.EndsWith("; 2 connections kept, 1 closed\n", answer, StringComparison.Ordinal);
        Assert.Equal("", leaving.ReceiveToEnd());
        Assert.Equal(before[0], gateway.Places("statsd-tcp")[0]);
        Assert.Equal("127.0.0.3", gateway.Places("statsd-tcp")[1].Address.ToString());
        staying.SendLine("stays:1|c");
        admin.WaitForCounter("stays", 1);
        gateway.TakeErrors();
    }

    [Theory]
    [InlineData("[::]", "0.0.0.0")]
    [InlineData("0.0.0.0", "[::]")]
    [InlineData("127.0.0.1", "[::]")]
    [InlineData("[::]", "127.0.0.1")]
    public void An_address_may_become_one_that_includes_it_or_is_included(string from, string to)
    {
        int port = KeptPort.Next();
        _configuration.Write(("statsd-udp", $"{from}:{port}"), ("statsd-tcp", $"{from}:{port}"));
        using RunningGateway gateway = new(_configuration.Source());
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("statsd-udp", $"{to}:{port}"), ("statsd-tcp", $"{to}:{port}"));
        Assert.StartsWith("reloaded ", admin.Ask("reload"), StringComparison.Ordinal);

        Client.SendDatagram(new IPEndPoint(IPAddress.Loopback, port), "udp:1|c"u8);
        admin.WaitForCounter("udp", 1);
        gateway.TakeErrors();
    }

    [Fact]
    public void Two_listeners_that_a_reload_would_put_at_one_place_are_refused_also_where_one_includes_the_other()
    {
        int port = KeptPort.Next();
        _configuration.Write(("statsd-tcp", $"127.0.0.1:{port}"));
        using RunningGateway gateway = new(_configuration.Source());
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("statsd-tcp", $"[::]:{port}"), ("graphite", $"0.0.0.0:{port}"));

        Assert.Equal(
            $"not reloaded, everything stays as it was: cannot listen on 0.0.0.0:{port} (--graphite): another listener of the same "
                + $"configuration has it\n",
            admin.Ask("reload"));
        Client.Connect(new IPEndPoint(IPAddress.Loopback, port)).Dispose();
        gateway.TakeErrors();
    }

    private RunningGateway Start(string udp, string tcp, params IReadOnlyList<(string Option, object Value)> further)
    {
        _configuration.Write([("statsd-udp", udp), ("statsd-tcp", tcp), ("graphite", "off"), .. further]);
        return new RunningGateway(_configuration.Source());
    }
}
