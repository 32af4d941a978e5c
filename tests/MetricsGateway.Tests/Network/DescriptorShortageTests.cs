using System.Net.Sockets;

namespace MetricsGateway.Tests.Network;

/// <summary>EMFILE on accept: the gateway backs off without spinning, goes on serving, and recovers.</summary>
public class DescriptorShortageTests
{
    private const int Descriptors = 128;

    [Fact]
    public void A_limit_with_which_it_could_not_run_ends_the_start_with_a_word()
    {
        using GatewayProcess gateway = GatewayProcess.StartBareLimited(64);

        (int exitCode, _, string errors) = gateway.WaitForExit();
        Assert.Equal(1, exitCode);
        Assert.Equal("MetricsGateway: the limit of open files is 64; at least 96 are needed (ulimit -n, LimitNOFILE=)\n", errors);
    }

    [Fact]
    public void The_least_that_it_asks_for_is_enough()
    {
        using GatewayProcess gateway = GatewayProcess.StartLimited(96);
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(gateway.StatsDUdp, "a:1|c"u8);
        admin.WaitForCounter("a", 1);
        gateway.Signal("TERM");

        Assert.Equal(0, gateway.WaitForExit().ExitCode);
    }

    [Fact]
    public void It_stops_without_a_descriptor_left_to_start_a_thread_with()
    {
        using GatewayProcess gateway = GatewayProcess.StartWithSignals(
            "--block-signal=HUP,INT,TERM,USR1",
            "--statsd-udp", "127.0.0.1:0", "--statsd-tcp", "127.0.0.1:0", "--graphite", "off", "--admin", "127.0.0.1:0",
            GatewayProcess.FlushInterval, "24h");
        gateway.ReadUntilListening();
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(gateway.StatsDUdp, "a:1|c"u8);
        admin.WaitForCounter("a", 1);

        gateway.LimitDescriptors(10);
        gateway.Signal("TERM");

        (int exitCode, string output, string errors) = gateway.WaitForExit();
        Assert.Equal(0, exitCode);
        Assert.Equal("", errors);
        Assert.Contains("{\"counter\":\"a\",\"count\":1,", output, StringComparison.Ordinal);
        Assert.EndsWith("total: 1 lines, 1 metrics, 0 rejected, 1 names\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_descriptors_new_clients_are_refused_and_the_others_served_until_some_are_free_again()
    {
        using GatewayProcess gateway = GatewayProcess.StartLimited(Descriptors);
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket established = Client.Connect(gateway.StatsDTcp);
        List<Socket> clients = [];
        try
        {
            UseUpDescriptors(gateway, admin, clients);

            // A client that connects now is refused at once.
            using Socket refused = Client.Connect(gateway.StatsDTcp);
            Assert.Equal("", refused.ReceiveToEnd());
            admin.WaitUntilAsleep(() => gateway.ProcessorTime);

            // No answer needs to open anything first.
            foreach (string command in new[] { "counters", "gauges", "timers", "sets", "health", "config", "help", "delcounters none" })
            {
                admin.Ask(command);
            }

            established.SendLine("established:1|c");
            admin.WaitForCounter("established", 1);

            clients.ForEach(client => client.Dispose());
            admin.WaitForStat("connections.open", 2);
            using Socket next = Client.Connect(gateway.StatsDTcp);
            next.SendLine("next:1|c");
            admin.WaitForCounter("next", 1);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public void Without_descriptors_it_can_still_be_stopped()
    {
        using GatewayProcess gateway = GatewayProcess.StartLimited(Descriptors);
        using AdminClient admin = gateway.ConnectAdmin();
        List<Socket> clients = [];
        try
        {
            UseUpDescriptors(gateway, admin, clients);

            // The runtime starts a thread for the signal, and needs descriptors for that.
            gateway.Signal("TERM");

            (int exitCode, string output, string errors) = gateway.WaitForExit();
            Assert.Equal("", errors);
            Assert.Equal(0, exitCode);
            Assert.EndsWith(" names\n", output, StringComparison.Ordinal);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_even_the_reserve_clients_wait_and_the_next_arrival_or_departure_gets_them_served(bool byDeparture)
    {
        using GatewayProcess gateway = GatewayProcess.Start();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket established = Client.Connect(gateway.StatsDTcp);
        admin.WaitForStat("connections.open", 2);

        // Below the number of open descriptors: none can be opened, not even with the reserve released.
        gateway.LimitDescriptors(3);
        using Socket waiting = Client.Connect(gateway.StatsDTcp);
        waiting.SendLine("waiting:1|c");
        admin.WaitForStatAbove("connections.failed_accepts", 0);
        established.SendLine("established:1|c");
        admin.WaitForCounter("established", 1);
        admin.WaitUntilAsleep(() => gateway.ProcessorTime);
        Assert.Equal(0, admin.Stat("connections.refused"));

        gateway.LimitDescriptors(128);
        if (byDeparture)
        {
            established.Dispose();
            admin.WaitForCounter("waiting", 1);
        }
        else
        {
            using Socket arriving = Client.Connect(gateway.StatsDTcp);
            arriving.SendLine("arriving:1|c");
            admin.WaitForCounter("arriving", 1);
            admin.WaitForCounter("waiting", 1);
        }

        // The listener works as before.
        using Socket next = Client.Connect(gateway.StatsDTcp);
        next.SendLine("next:1|c");
        admin.WaitForCounter("next", 1);
    }

    private static void UseUpDescriptors(GatewayProcess gateway, AdminClient admin, List<Socket> clients) => Patience.WaitUntil(
        () =>
        {
            clients.Add(Client.Connect(gateway.StatsDTcp));
            return admin.Stat("connections.refused") > 0;
        },
        () => $"{clients.Count} connections were accepted");
}
