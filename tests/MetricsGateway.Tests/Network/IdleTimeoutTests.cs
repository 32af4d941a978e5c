using System.Net.Sockets;
using MetricsGateway.Network;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Protocols;
using Vigil;
using Vigil.IO;

namespace MetricsGateway.Tests.Network;

/// <summary>Silent TCP connections are closed, and no others.</summary>
public class IdleTimeoutTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(160);

    // The timeout and its tolerance, in seconds.
    private const double UntilClosed = 170;

    private readonly ManualTime _time = new();

    [Fact]
    public void Silence_is_measured_by_the_clock_that_runs()
    {
        using RunningGateway gateway = new(options => options with { IdleTimeout = TimeSpan.FromMilliseconds(50) });
        using Socket silent = Client.Connect(gateway.StatsDTcp);

        Assert.Equal("", silent.ReceiveToEnd());
    }

    [Fact]
    public void A_silent_connection_of_any_listener_is_closed_and_counted()
    {
        using RunningGateway gateway = new(options => options with { IdleTimeout = Timeout }, _time);
        Socket[] silent = [.. new[] { gateway.StatsDTcp, gateway.Graphite, gateway.Admin }.Select(endpoint => Client.Connect(endpoint))];
        using AdminClient admin = gateway.ConnectAdmin();
        admin.WaitForStat("connections.open", 4);
        _time.Advance(seconds: 100);
        admin.LetTurn();

        _time.Advance(seconds: UntilClosed - 100);

        foreach (Socket socket in silent)
        {
            Assert.Equal("", socket.ReceiveToEnd());
            socket.Dispose();
        }

        IReadOnlyDictionary<string, long> stats = admin.Stats();
        Assert.Equal(3, stats["connections.idle_closed"]);
        Assert.Equal(1, stats["connections.open"]);
    }

    [Fact]
    public void What_was_sent_before_the_silence_is_used_except_for_an_unfinished_line()
    {
        using RunningGateway gateway = new(options => options with { IdleTimeout = Timeout }, _time);
        using Socket client = Client.Connect(gateway.StatsDTcp);
        using (AdminClient before = gateway.ConnectAdmin())
        {
            client.Send("whole:1|c\nhalf:1|"u8);
            before.WaitForStat("statsd_tcp.packets", 1);
        }

        _time.Advance(UntilClosed);

        Assert.Equal("", client.ReceiveToEnd());
        using AdminClient admin = gateway.ConnectAdmin();
        Assert.Equal(1, admin.Value("counters", "whole"));
        Assert.Null(admin.Value("counters", "half"));
        Assert.Equal(1, admin.Stat("statsd_tcp.lines"));
    }

    [Fact]
    public void The_silence_is_counted_from_the_last_message_on_and_the_tolerance_is_a_sixteenth()
    {
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { IdleTimeout = TimeSpan.FromSeconds(160) }, time);
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket silent = Client.Connect(gateway.Graphite);
        using Socket talking = Client.Connect(gateway.StatsDTcp);
        admin.WaitForStat("connections.open", 3);

        time.Advance(seconds: 100);
        talking.SendLine("said:1|c");
        admin.WaitForCounter("said", 1);
        time.Advance(seconds: 59.999);
        Assert.Equal(3, admin.Stat("connections.open"));

        time.Advance(seconds: 10.001);
        admin.WaitForStat("connections.idle_closed", 1);
        Assert.Equal("", silent.ReceiveToEnd());

        // 160 seconds after the last data, and the tolerance.
        time.Advance(seconds: 89.999);
        Assert.Equal(1, admin.Stat("connections.idle_closed"));
        time.Advance(seconds: 10.001);
        admin.WaitForStat("connections.idle_closed", 2);
        Assert.Equal("", talking.ReceiveToEnd());
        Assert.Equal(1, admin.Stat("connections.open"));
    }

    [Fact]
    public void What_came_in_time_counts_though_the_loop_was_held_up_and_reads_it_late()
    {
        ManualTime time = new();
        using EventManager manager = new(new EventManagerOptions { TimeProvider = time });
        using UnixSocketPair pair = new();
        ConnectionGate gate = new(maximum: 1);
        gate.TryEnter();
        Reception reception = new();
        IdleTimeout idle = new(manager, TimeSpan.FromSeconds(160));
        manager.AddSubscriber(new MetricConnection(pair.First, reception.StatsD, new byte[100], gate, new LoopActivity(), idle));

        NonBlocking.TryWrite(pair.Second, "said:1|c\n"u8);
        time.Advance(seconds: 200);
        manager.RunOnce(TimeSpan.Zero);

        Assert.Equal(1, reception.Counter("said"));
        Assert.Equal(1, gate.Open);
        time.Advance(seconds: 159);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(1, gate.Open);
        time.Advance(seconds: 11);
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(0, gate.Open);
        Assert.Equal(1, gate.IdleClosed);
        Assert.True(pair.First.IsClosed);
        Assert.Empty(manager.GetSubscribers());
    }

    [Fact]
    public void A_connection_that_leaves_takes_its_timer_along()
    {
        ManualTime time = new();
        using EventManager manager = new(new EventManagerOptions { TimeProvider = time });
        using UnixSocketPair pair = new();
        ConnectionGate gate = new(maximum: 1);
        gate.TryEnter();
        IdleTimeout idle = new(manager, TimeSpan.FromSeconds(160));
        manager.AddSubscriber(
            new MetricConnection(pair.First, new Reception().StatsD, new byte[100], gate, new LoopActivity(), idle));

        pair.Second.Dispose();
        manager.RunOnce(TimeSpan.Zero);
        Assert.Equal(0, gate.Open);

        time.Advance(seconds: 200);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        Assert.Equal(0, gate.IdleClosed);
    }

    [Fact]
    public void A_connection_that_goes_on_talking_stays()
    {
        using RunningGateway gateway = new(options => options with { IdleTimeout = Timeout }, _time);
        using Socket talking = Client.Connect(gateway.StatsDTcp);
        using AdminClient asking = gateway.ConnectAdmin();
        using Socket silent = Client.Connect(gateway.Graphite);
        asking.WaitForStat("connections.open", 3);
        for (int sent = 1; sent <= 6; sent++)
        {
            _time.Advance(seconds: 100);
            talking.SendLine("said:1|c");
            asking.WaitForCounter("said", sent);
        }

        Assert.Equal("", silent.ReceiveToEnd());
        Assert.Equal(1, asking.Stat("connections.idle_closed"));
    }

    [Fact]
    public void Without_a_timeout_a_connection_may_be_silent_for_ever()
    {
        using RunningGateway gateway = new(options => options with { IdleTimeout = null });
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket silent = Client.Connect(gateway.StatsDTcp);
        admin.WaitForStat("connections.open", 2);

        silent.SendLine("said:1|c");
        admin.WaitForCounter("said", 1);
        Assert.Equal(0, admin.Stat("connections.idle_closed"));
    }
}
