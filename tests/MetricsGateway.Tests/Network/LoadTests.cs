using System.Net.Sockets;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Operation;

namespace MetricsGateway.Tests.Network;

/// <summary>More names and more datagrams than usual.</summary>
public class LoadTests
{
    private const int Names = 100_000;

    [Fact]
    public void A_hundred_thousand_names_are_told_once_each_to_everybody()
    {
        using TestConfiguration configuration = new();
        using GraphiteServer server = new();
        ManualTime time = new();
        string file = configuration.InDirectory("flushes.jsonl");
        using RunningGateway gateway = new(
            options => options with
            {
                FlushInterval = TimeSpan.FromSeconds(10),
                FlushConsole = false,
                FlushFile = file,
                GraphiteSend = server.Endpoint,
                GraphiteBuffer = 64 << 20,
            },
            time);
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket sender = Client.Connect(gateway.StatsDTcp);
        sender.Send(string.Concat(Enumerable.Range(0, Names).Select(i => $"n{i}:{i}|c\n")).Utf8());
        admin.WaitForStat("statsd_tcp.metrics", Names);

        time.Advance(10);
        server.ReadUntilLine("stats.statsd.graphiteStats.calculationtime ");
        admin.WaitForStat("flush_file.reports", 1);

        string[] counts = [.. server.Lines.Where(
            line => line.StartsWith("stats.counters.n", StringComparison.Ordinal) && line.Contains(".count ", StringComparison.Ordinal))];
        Assert.Equal(Names, counts.Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(counts, line => line.StartsWith("stats.counters.n99999.count 99999 ", StringComparison.Ordinal));
        Assert.Contains("stats.statsd.numStats 100000 ", server.Text, StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(Names + 2, lines.Length);
        Assert.Equal("{\"end\":1,\"series\":100000}", lines[^1]);
        admin.WaitForStat("graphite_send.waiting_bytes", 0);

        // The last flush has no reader.
        server.Kill();
        gateway.Stop();
        gateway.TakeErrors();
    }

    [Fact]
    public void Datagrams_that_the_kernel_drops_are_counted()
    {
        const int Datagrams = 2_000;
        using GatewayProcess gateway = GatewayProcess.Start("--receive-buffer", "4096");
        using AdminClient admin = gateway.ConnectAdmin();
        gateway.Signal("STOP");
        for (int i = 0; i < Datagrams; i++)
        {
            Client.SendDatagram(gateway.StatsDUdp, "hits:1|c"u8);
        }

        gateway.Signal("CONT");

        admin.WaitForStatAbove("statsd_udp.drops", 0);
        Patience.WaitUntil(
            () => admin.Stats() is { } stats && stats["statsd_udp.drops"] + stats["statsd_udp.packets"] == Datagrams,
            () => admin.Ask("stats"));
        Assert.True(admin.Value("counters", "hits") > 0);
    }

    [Fact]
    public void A_flood_is_received_as_a_whole()
    {
        const int Datagrams = 5_000;
        using RunningGateway gateway = new();
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(gateway.StatsDUdp);
        long drops = 0;
        for (int i = 0; i < Datagrams; i++)
        {
            sender.Send("hits:1|c"u8);
        }

        Patience.WaitUntil(
            () =>
            {
                drops = admin.Stat("statsd_udp.drops");
                return admin.Stat("statsd_udp.packets") + drops == Datagrams;
            },
            () => admin.Ask("stats"));
        admin.WaitForCounter("hits", Datagrams - drops);
    }
}
