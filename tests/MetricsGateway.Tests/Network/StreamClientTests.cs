using System.Net.Sockets;
using System.Text;
using MetricsGateway.Tests.Flushing;

namespace MetricsGateway.Tests.Network;

/// <summary>Realistic clients of TCP listeners: slow, half closed, killed, too many.</summary>
public class StreamClientTests
{
    [Fact]
    public void A_client_that_writes_byte_by_byte_is_understood_and_holds_up_nobody()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket slow = Client.Connect(gateway.StatsDTcp);
        using Socket quick = Client.Connect(gateway.StatsDTcp);

        byte[] line = "slow:1|c\r\n"u8.ToArray();
        for (int i = 0; i < line.Length; i++)
        {
            // Each byte has arrived on its own before the next one goes out, and the others are served in between.
            slow.Send(line.AsSpan(i, 1));
            admin.WaitForStat("statsd_tcp.packets", 2 * i + 1);
            quick.SendLine("quick:1|c");
            admin.WaitForStat("statsd_tcp.packets", 2 * i + 2);
        }

        Assert.Equal(1, admin.Value("counters", "slow"));
        Assert.Equal(line.Length, admin.Value("counters", "quick"));
    }

    [Theory]
    [InlineData("one:1|c\nlast:1|c")]
    [InlineData("one:1|c\nlast:1|c\n")]
    public void Of_a_client_that_closes_its_half_everything_is_used_the_unterminated_line_too(string sent)
    {
        using RunningGateway gateway = new();
        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send(sent.Utf8());
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal("", client.ReceiveToEnd());
        using AdminClient admin = gateway.ConnectAdmin();
        Assert.Equal(1, admin.Value("counters", "one"));
        Assert.Equal(1, admin.Value("counters", "last"));
        Assert.Equal(1, admin.Stat("connections.open"));
    }

    [Fact]
    public void An_admin_client_that_closed_its_half_gets_all_its_answers()
    {
        using RunningGateway gateway = new();
        using Socket client = Client.Connect(gateway.Admin);
        client.Send("health\ncounters\nhealth"u8);
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal("health: up\nEND\n\n{}\nEND\n\nhealth: up\nEND\n\n", client.ReceiveToEnd());
    }

    [Fact]
    public void A_half_closed_admin_client_gets_a_long_answer_as_slowly_as_it_reads_it()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        long length = FillCounters(gateway, admin, count: 40_000, nameLength: 200);
        using Socket client = Client.Connect(gateway.Admin, receiveBufferSize: 4096);
        client.Send("counters\n"u8);
        client.Shutdown(SocketShutdown.Send);

        // Meanwhile the rest of it waits in the gateway, without cost.
        admin.WaitUntilAsleep();
        string answer = client.ReceiveToEnd();
        Assert.True(answer.Length > length);
        Assert.EndsWith("}\nEND\n\n", answer, StringComparison.Ordinal);
        Assert.Equal(0, admin.Stat("connections.dropped_clients"));
    }

    [Fact]
    public void Many_admin_clients_that_never_read_have_one_buffer_together_and_who_reads_is_answered()
    {
        const int Limit = 512 << 10;
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { AdminBuffer = Limit }, time);
        using AdminClient admin = gateway.ConnectAdmin();
        FillCounters(gateway, admin, count: 5_000, nameLength: 200);
        List<Socket> deaf = [];
        try
        {
            for (int i = 0; i < 12; i++)
            {
                Socket client = Client.Connect(gateway.Admin, receiveBufferSize: 4096);
                deaf.Add(client);
                client.SendLine("counters");
            }

            admin.WaitForStatAbove("connections.dropped_clients", 5);
            Assert.InRange(admin.Stat("admin.unread_bytes"), Limit / 2, Limit);

            // Clients that have not read for a second make room for an answer that is as large as theirs.
            time.Advance(2);
            Assert.InRange(admin.Ask("counters").Length, 5_000 * 200, 5_000 * 250);
        }
        finally
        {
            deaf.ForEach(client => client.Dispose());
        }

        // The answer that reports it has begun.
        Patience.WaitUntil(
            () => admin.Stat("admin.unread_bytes") <= 4096,
            () => $"{admin.Stat("admin.unread_bytes")} bytes are kept for nobody");
    }

    [Fact]
    public void An_admin_client_that_never_reads_costs_a_little_memory_and_nobody_else_notices()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket other = Client.Connect(gateway.StatsDTcp);
        FillCounters(gateway, admin, count: 2_000, nameLength: 200);

        // 60 answers of 400 KB.
        using Socket deaf = Client.Connect(gateway.Admin, receiveBufferSize: 4096);
        deaf.Send(string.Concat(Enumerable.Repeat("counters\n", 60)).Utf8());
        admin.WaitForStatAbove("admin.unread_bytes", 60_000);
        for (int i = 0; i < 20; i++)
        {
            other.SendLine("served:1|c");
            admin.WaitForCounter("served", i + 1);

            // The kernel may take some more after all. Then the next turns fill the buffer again.
            Patience.WaitUntil(
                () =>
                {
                    long unread = admin.Stat("admin.unread_bytes");
                    Assert.InRange(unread, 0, 300_000);
                    return unread > 60_000;
                },
                () => "its answer does not go on");
        }

        Assert.Equal(0, admin.Stat("connections.dropped_clients"));
    }

    [Fact]
    public void Commands_that_are_sent_together_are_answered_one_after_the_other_however_long_their_answers()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        FillCounters(gateway, admin, count: 2_000, nameLength: 200);
        using Socket client = Client.Connect(gateway.Admin);
        client.Send("health\ncounters\ngauges\ncounters\ndelcounters *\nhealth\ncounters\nquit\nhealth\n"u8);

        string[] answers = client.ReceiveToEnd().Split("END\n\n");

        Assert.Equal(8, answers.Length);
        Assert.Equal("health: up\n", answers[0]);
        Assert.Equal(2_003, answers[1].Split('\n').Length);
        Assert.Equal("{}\n", answers[2]);
        Assert.Equal(answers[1], answers[3]);
        Assert.Equal(2_000, answers[4].Split("deleted: ").Length - 1);
        Assert.Equal("health: up\n", answers[5]);
        Assert.Equal("{}\n", answers[6]);
        Assert.Equal("", answers[7]);
    }

    [Fact]
    public void Clients_that_are_reset_in_the_middle_of_a_line_leave_without_a_trace()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        for (int i = 0; i < 50; i++)
        {
            Socket metrics = Client.Connect(gateway.StatsDTcp);
            metrics.Send("whole:1|c\nhalf"u8);
            admin.WaitForCounter("whole", i + 1);
            metrics.Reset();

            Socket asking = Client.Connect(gateway.Admin);
            asking.Send("stats\nconfig\nhelp\nstats\n"u8);
            asking.Reset();
        }

        admin.WaitForStat("connections.open", 1);
        Assert.Equal(50, admin.Stat("statsd_tcp.lines"));
        Assert.Equal(0, admin.Stat("connections.dropped_clients"));
    }

    [Fact]
    public void Connections_over_the_limit_are_closed_and_counted_and_one_that_leaves_makes_room()
    {
        using RunningGateway gateway = new(options => options with { MaxConnections = 3 });
        using AdminClient admin = gateway.ConnectAdmin();
        Socket first = Client.Connect(gateway.StatsDTcp);
        using Socket second = Client.Connect(gateway.Graphite);
        admin.WaitForStat("connections.open", 3);

        using Socket refused = Client.Connect(gateway.StatsDTcp);
        Assert.Equal("", refused.ReceiveToEnd());
        Assert.Equal(1, admin.Stat("connections.refused"));

        // An operator can still connect to find out why.
        using (AdminClient operatorOnDuty = gateway.ConnectAdmin())
        {
            Assert.Equal(4, operatorOnDuty.Stat("connections.open"));
        }

        admin.WaitForStat("connections.open", 3);
        first.Dispose();
        admin.WaitForStat("connections.open", 2);
        using Socket next = Client.Connect(gateway.StatsDTcp);
        next.SendLine("next:1|c");
        admin.WaitForCounter("next", 1);
    }

    [Fact]
    public void A_thousand_connections_send_at_once()
    {
        const int Connections = 1_000;
        const int Rounds = 20;
        using GatewayProcess gateway = GatewayProcess.Start();
        using AdminClient admin = gateway.ConnectAdmin();
        List<Socket> clients = [];
        try
        {
            for (int i = 0; i < Connections; i++)
            {
                clients.Add(Client.Connect(gateway.StatsDTcp));
            }

            admin.WaitForStat("connections.open", Connections + 1);
            for (int round = 0; round < Rounds; round++)
            {
                foreach (Socket client in clients)
                {
                    // Lines are cut at different places, so each connection has its own unfinished line.
                    client.Send(round % 2 == 0 ? "all:1|c\nal"u8 : "l:1|c\n"u8);
                }
            }

            admin.WaitForStat("statsd_tcp.metrics", Connections * Rounds);
            Assert.Equal(Connections * Rounds, admin.Value("counters", "all"));
            Assert.Equal(0, admin.Stat("messages.bad_lines_seen"));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        admin.WaitForStat("connections.open", 1);
    }

    [Fact]
    public void An_idle_gateway_with_open_connections_sleeps()
    {
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket metrics = Client.Connect(gateway.StatsDTcp);
        metrics.Send("unfinished:1"u8);
        admin.WaitForStat("statsd_tcp.packets", 1);

        admin.WaitUntilAsleep();
    }

    /// <returns>The length of all names together.</returns>
    private static long FillCounters(RunningGateway gateway, AdminClient admin, int count, int nameLength)
    {
        StringBuilder lines = new();
        for (int i = 0; i < count; i++)
        {
            lines.Append($"n{i}".PadRight(nameLength, 'x')).Append(":1|c\n");
        }

        using Socket client = Client.Connect(gateway.StatsDTcp);
        client.Send(lines.ToString().Utf8());
        client.Shutdown(SocketShutdown.Send);
        client.ReceiveToEnd();
        Assert.Equal(count, admin.Stat("names.counters"));
        return (long)count * nameLength;
    }
}
