using System.Net;
using System.Net.Sockets;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>A reload applies the whole file, or nothing of it.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly TestConfiguration _configuration = new();

    public void Dispose() => _configuration.Dispose();

    [Fact]
    public void The_same_options_again_change_nothing()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();

        Assert.Equal($"reloaded {_configuration.Path}: nothing changed\n", admin.Ask("reload"));
        Assert.Equal($"MetricsGateway: reloaded {_configuration.Path}: nothing changed\n", gateway.TakeErrors());
        Assert.Equal(1, admin.Stat("reloads.done"));
        Assert.Equal(0, admin.Stat("reloads.refused"));
    }

    [Fact]
    public void Without_a_file_there_is_nothing_to_reload()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();

        Assert.Equal("nothing to reload: started without --config\n", admin.Ask("reload"));
        gateway.TakeErrors();
    }

    [Fact]
    public void Connections_stay_and_so_does_the_line_that_they_have_half_sent()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send("whole:1|c\nhal"u8);
        admin.WaitForStat("statsd_tcp.packets", 1);

        _configuration.Write(("max-names", 5), ("graphite", "off"));
        Assert.Equal(Reloaded("graphite 127.0.0.1:0 → off; max-names 100000 → 5; 2 connections kept"), Reload(gateway, admin));

        client.Send("f:1|c\n"u8);
        admin.WaitForCounter("half", 1);
        Assert.Equal(0, admin.Stat("messages.bad_lines_seen"));
    }

    [Fact]
    public void A_bad_file_is_told_with_its_line_and_everything_stays_also_what_would_have_been_good()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        string before = admin.Ask("config");

        _configuration.WriteText("{\n  \"max-names\": 5,\n  \"admin\": \"off\",\n  \"max-packet\": 1\n}");
        Assert.Equal(
            Refused($"{_configuration.Path}:4: 'max-packet' must be a whole number from 512 to 1048576, not 1"),
            Reload(gateway, admin));

        Assert.Equal(before, admin.Ask("config"));
        Assert.Equal(1, admin.Stat("reloads.refused"));
    }

    [Fact]
    public void What_is_no_regular_file_is_refused_and_holds_up_nobody()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        File.Delete(_configuration.Path);
        using (System.Diagnostics.Process process = System.Diagnostics.Process.Start("mkfifo", [_configuration.Path]))
        {
            process.WaitForExit();
        }

        Assert.Equal(Refused($"cannot read the configuration file: {_configuration.Path}: it is no regular file"), Reload(gateway, admin));

        File.Delete(_configuration.Path);
        File.CreateSymbolicLink(_configuration.Path, "/dev/zero");
        Assert.Equal(Refused($"cannot read the configuration file: {_configuration.Path}: it is no regular file"), Reload(gateway, admin));
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_unread()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using (FileStream stream = File.Create(_configuration.Path))
        {
            stream.SetLength(3L << 30);
        }

        Assert.Equal(
            Refused($"cannot read the configuration file: {_configuration.Path}: it is larger than 1048576 bytes"),
            Reload(gateway, admin));
        string most = _configuration.Text(("max-names", 5));
        _configuration.WriteText(most + new string(' ', (1 << 20) - most.Length));
        Assert.Equal(Reloaded("max-names 100000 → 5; 1 connection kept"), Reload(gateway, admin));
    }

    [Fact]
    public void Who_asks_during_a_reload_gets_the_next_one_and_each_is_answered()
    {
        using RunningGateway gateway = Start();
        AdminClient[] clients = [.. Enumerable.Range(0, 8).Select(_ => gateway.ConnectAdmin())];
        Parallel.ForEach(
            clients,
            client => Assert.All(
                Enumerable.Range(0, 20),
                _ => Assert.StartsWith("reloaded ", client.Ask("reload"), StringComparison.Ordinal)));

        Assert.All(clients, client => Assert.Equal("health: up\n", client.Ask("health")));
        Array.ForEach(clients, client => client.Dispose());
        gateway.TakeErrors();
    }

    [Fact]
    public void Commands_behind_a_reload_are_answered_after_it()
    {
        using RunningGateway gateway = Start();
        using Socket client = Client.Connect(gateway.Admin);
        _configuration.Write(("max-names", 5));
        client.Send("health\nreload\nhealth\nreload\nquit\n"u8);

        string health = "health: up\nEND\n\n";
        Assert.Equal(
            health + Reloaded("max-names 100000 → 5; 1 connection kept") + "END\n\n" + health + Reloaded("nothing changed") + "END\n\n",
            client.ReceiveToEnd());
        gateway.TakeErrors();
    }

    [Theory]
    [InlineData("{\n\"max-names\": 5", ":2: this is not JSON: ")]
    [InlineData("", ":1: this is not JSON: ")]
    [InlineData("\0\u0001garbage", ":1: this is not JSON: ")]
    public void Garbage_is_told_with_its_line_and_everything_stays(string text, string reason)
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.WriteText(text);

        Assert.StartsWith(Refused(_configuration.Path + reason).TrimEnd('\n'), Reload(gateway, admin), StringComparison.Ordinal);
        using AdminClient other = gateway.ConnectAdmin();
        Assert.Equal(1, other.Stat("reloads.refused"));
    }

    [Fact]
    public void A_file_that_is_gone_is_told_and_everything_stays()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();

        File.Delete(_configuration.Path);

        Assert.Equal(
            Refused($"cannot read the configuration file: {_configuration.Path}: No such file or directory"), Reload(gateway, admin));
        Assert.Equal(0, admin.Stat("reloads.done"));
    }

    [Fact]
    public void A_file_that_turns_everything_off_is_refused()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("statsd-udp", "off"), ("statsd-tcp", "off"), ("graphite", "off"));

        Assert.Equal(
            Refused("nothing to receive: statsd-udp, statsd-tcp, unix-socket and graphite are all off"), Reload(gateway, admin));
    }

    [Fact]
    public void The_command_line_wins_over_the_file_as_at_the_start()
    {
        _configuration.Write(("max-names", 5));
        using RunningGateway gateway = new(_configuration.Source(("max-names", "7")));
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("max-names", 9), ("max-packet", 600));

        Assert.Equal(Reloaded("max-packet 65536 → 600; 1 connection kept"), Reload(gateway, admin));
        Assert.Contains("max-names: 7\n", admin.Ask("config"), StringComparison.Ordinal);
    }

    [Fact]
    public void When_a_port_is_taken_all_of_the_reload_is_undone()
    {
        using Socket holder = Listen();
        IPEndPoint free = KeptPort.NextAtLoopback();
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send("hal"u8);
        admin.WaitForStat("statsd_tcp.packets", 1);

        _configuration.Write(("statsd-tcp", free.ToString()), ("graphite", holder.LocalEndPoint!.ToString()!), ("max-names", 5));
        Assert.Equal(Refused($"cannot listen on {holder.LocalEndPoint} (--graphite): Address already in use"), Reload(gateway, admin));

        Assert.Contains("max-names: 100000\n", admin.Ask("config"), StringComparison.Ordinal);
        Assert.Throws<SocketException>(() => Client.Connect(free));
        client.Send("f:1|c\n"u8);
        admin.WaitForCounter("half", 1);
        using Socket next = Client.Connect(gateway.StatsDTcp);
        next.SendLine("next:1|c");
        admin.WaitForCounter("next", 1);
    }

    [Fact]
    public void A_listener_that_moves_takes_what_its_clients_have_sent_and_closes_them_and_nobody_else()
    {
        IPEndPoint old = KeptPort.NextAtLoopback();
        _configuration.Write(("statsd-tcp", old.ToString()));
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket moved = Client.Connect(old);
        using Socket kept = Client.Connect(gateway.Graphite);
        admin.WaitForStat("connections.open", 3);
        moved.Send("last:1|c\nunfinished:1"u8);

        _configuration.Write(("statsd-tcp", "[::1]:0"));
        string answer = Reload(gateway, admin);

        Assert.Equal(Reloaded($"statsd-tcp {old} → {gateway.StatsDTcp}; 2 connections kept, 1 closed"), answer);
        Assert.Equal("", moved.ReceiveToEnd());
        admin.WaitForCounter("last", 1);
        Assert.Equal(1, admin.Stat("statsd_tcp.lines"));
        Client.WaitUntilRefused(old);
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.SendLine("new:1|c");
        admin.WaitForCounter("new", 1);
        kept.SendLine("kept 1 1");
        admin.WaitForStat("graphite.metrics", 1);
    }

    [Fact]
    public void An_address_may_become_one_that_includes_it()
    {
        int udp = KeptPort.Next();
        int tcp = KeptPort.Next();
        _configuration.Write(("statsd-udp", $"127.0.0.1:{udp}"), ("statsd-tcp", $"127.0.0.1:{tcp}"));
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("statsd-udp", $"0.0.0.0:{udp}"), ("statsd-tcp", $"0.0.0.0:{tcp}"));
        Assert.StartsWith("reloaded ", Reload(gateway, admin), StringComparison.Ordinal);

        Client.SendDatagram(new IPEndPoint(IPAddress.Parse("127.0.0.2"), udp), "udp:1|c"u8);
        admin.WaitForCounter("udp", 1);
        using Socket client = Client.Connect(new IPEndPoint(IPAddress.Parse("127.0.0.2"), tcp));
        client.SendLine("tcp:1|c");
        admin.WaitForCounter("tcp", 1);

        // And no other program can bind because of it.
        using Socket intruder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.Throws<SocketException>(() => intruder.Bind(new IPEndPoint(IPAddress.Loopback, tcp)));
    }

    [Fact]
    public void Two_listeners_may_change_places()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        IPEndPoint first = gateway.StatsDTcp;
        IPEndPoint second = gateway.Graphite;

        _configuration.Write(("statsd-tcp", second.ToString()), ("graphite", first.ToString()));
        Assert.StartsWith("reloaded ", Reload(gateway, admin), StringComparison.Ordinal);

        // Until the old listeners are closed, the kernel may give them new connections, which they close.
        admin.LetTurn();
        using Socket statsd = Client.Connect(second);
        using Socket graphite = Client.Connect(first);
        statsd.SendLine("counter:1|c");
        graphite.SendLine("gauge 1 1");
        admin.WaitForStat("statsd_tcp.metrics", 1);
        admin.WaitForStat("graphite.metrics", 1);
    }

    [Fact]
    public void Two_listeners_cannot_have_one_place_though_the_one_that_had_it_leaves()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        string place = gateway.StatsDTcp.ToString();

        _configuration.Write(("statsd-tcp", "off"), ("graphite", place), ("admin", place));

        Assert.Equal(
            Refused($"cannot listen on {place} (--admin): another listener of the same configuration has it"), Reload(gateway, admin));
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.SendLine("here:1|c");
        admin.WaitForCounter("here", 1);
    }

    [Fact]
    public void Listeners_can_be_turned_off_and_on()
    {
        string path = _configuration.InDirectory("socket");
        IPEndPoint graphite = KeptPort.NextAtLoopback();
        _configuration.Write(("graphite", graphite.ToString()));
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();

        _configuration.Write(("graphite", "off"), ("unix-socket", path));
        Assert.Equal(Reloaded($"unix-socket off → {path}; graphite {graphite} → off; 1 connection kept"), Reload(gateway, admin));
        Client.WaitUntilRefused(graphite);
        Client.SendDatagram(path, "unix:1|c"u8);
        admin.WaitForCounter("unix", 1);

        _configuration.Write(("graphite", graphite.ToString()));
        Assert.Equal(Reloaded($"unix-socket {path} → off; graphite off → {graphite}; 1 connection kept"), Reload(gateway, admin));
        Patience.WaitUntil(() => !File.Exists(path), () => "the socket's file is there");
        using Socket client = Client.Connect(graphite);
        client.SendLine("gauge 1 1");
        admin.WaitForStat("graphite.metrics", 1);
    }

    [Fact]
    public void Who_moves_the_admin_port_by_it_hears_of_it_before_it_closes()
    {
        using RunningGateway gateway = Start();
        using Socket admin = Client.Connect(gateway.Admin);
        _configuration.Write(("admin", "[::1]:0"));

        admin.Send("reload\nhealth\n"u8);

        string answer = admin.ReceiveToEnd();
        Assert.Equal(
            Reloaded($"admin 127.0.0.1:0 → {gateway.Admin}; 0 connections kept, 1 closed") + "END\n\nhealth: up\nEND\n\n", answer);
        using AdminClient next = gateway.ConnectAdmin();
        Assert.Equal(1, next.Stat("connections.open"));
        gateway.TakeErrors();
    }

    [Fact]
    public void What_the_kernel_refuses_is_told_in_a_line_and_all_the_rest_is_in_effect()
    {
        const int NotPermitted = 1;
        bool isRefused = false;
        using RunningGateway gateway = new(
            _configuration.Source(), onThread: () => isRefused = SystemCallFilter.TryRefuse(SystemCallFilter.SetSockOpt, NotPermitted));
        using AdminClient admin = gateway.ConnectAdmin();
        admin.Stats();
        Assert.SkipUnless(isRefused, "The system does not allow filters of system calls.");

        _configuration.Write(("receive-buffer", 100_000), ("max-names", 5), ("idle-timeout", "1m"), ("max-line-length", 100));
        string answer = admin.Ask("reload");

        Assert.StartsWith($"reloaded {_configuration.Path}: ", answer, StringComparison.Ordinal);
        Assert.Equal(
            $"MetricsGateway: statsd-udp: the kernel refuses {gateway.StatsDUdp} a receive buffer of 100000 bytes (--receive-buffer): "
            + $"Permission denied; it keeps the one that it has\nMetricsGateway: {answer}",
            gateway.TakeErrors());
        string config = admin.Ask("config");
        Assert.Contains("max-names: 5\n", config, StringComparison.Ordinal);
        Assert.Contains("max-line-length: 100\n", config, StringComparison.Ordinal);
        Client.SendDatagram(gateway.StatsDUdp, "received:1|c"u8);
        admin.WaitForCounter("received", 1);
        Assert.Equal("reloaded " + _configuration.Path + ": nothing changed\n", Reload(gateway, admin));
    }

    private RunningGateway Start(TimeProvider? time = null) => new(_configuration.Source(), time);

    private string Reloaded(string changes) => $"reloaded {_configuration.Path}: {changes}\n";

    private static string Refused(string reason) => $"not reloaded, everything stays as it was: {reason}\n";

    /// <summary>Reloads, and checks that the admin port and standard error have the same line.</summary>
    private static string Reload(RunningGateway gateway, AdminClient admin)
    {
        string answer = admin.Ask("reload");
        Assert.Equal($"MetricsGateway: {answer}", gateway.TakeErrors());
        return answer;
    }

    private static Socket Listen()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }
}
