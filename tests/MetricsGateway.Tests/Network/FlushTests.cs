using System.Globalization;
using System.Text.Json;
using MetricsGateway.Tests.Flushing;
using Vigil.IO;

namespace MetricsGateway.Tests.Network;

/// <summary>The gateway flushes by itself, and reports how that goes.</summary>
public class FlushTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void What_clients_send_is_reported_once()
    {
        // With a manual clock: by design, a report is lost if the console's thread has not finished the previous one.
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { FlushInterval = TimeSpan.FromSeconds(10) }, time);
        using AdminClient admin = gateway.ConnectAdmin();
        List<double> counts = [];
        for (int i = 1; i <= 6; i++)
        {
            if (i <= 3)
            {
                SendHits(gateway, admin, count: i);
            }

            time.Advance(seconds: 10);
            admin.WaitForFlushes(i);
            counts.AddRange(ReadReport(gateway, admin, i).Where(IsHits).Select(line => line.GetProperty("count").GetDouble()));
        }

        Assert.Equal([1, 2, 3, 0, 0, 0], counts);
    }

    [Fact]
    public void Flushes_are_due_at_multiples_of_the_interval_and_rates_are_of_the_time_that_passed()
    {
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { FlushInterval = TimeSpan.FromSeconds(10) }, time);
        using AdminClient admin = gateway.ConnectAdmin();
        SendHits(gateway, admin, count: 20);
        time.Advance(seconds: 9.999);
        Assert.Equal(0, admin.Stat("flush.count"));
        Assert.Contains("flush.last_seconds_ago: none\n", admin.Ask("health"), StringComparison.Ordinal);

        // Late by 2 s.
        time.Advance(seconds: 2.001);
        admin.WaitForFlushes(1);
        AssertReport(gateway, admin, number: 1, seconds: 12, lateMilliseconds: 2_000, missed: 0, rate: 20 / 12.0);
        Assert.Equal(2_000_000, admin.Stat("flush.last_lateness_us"));

        // The next one is still due 20 s after the start.
        SendHits(gateway, admin, count: 4);
        time.Advance(seconds: 7.999);
        Assert.Equal(1, admin.Stat("flush.count"));
        Assert.Equal(
            "health: up\nflush.last_seconds_ago: 8.0\nflush.last_lateness_ms: 2000.000\n",
            admin.Ask("health"));
        time.Advance(seconds: 0.001);
        admin.WaitForFlushes(2);
        AssertReport(gateway, admin, number: 2, seconds: 8, lateMilliseconds: 0, missed: 0, rate: 0.5);
    }

    [Fact]
    public void Flushes_that_the_loop_comes_too_late_for_are_skipped_and_told()
    {
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { FlushInterval = TimeSpan.FromSeconds(10) }, time);
        using AdminClient admin = gateway.ConnectAdmin();
        SendHits(gateway, admin, count: 70);

        time.Advance(seconds: 35);
        admin.WaitForFlushes(1);
        AssertReport(gateway, admin, number: 1, seconds: 35, lateMilliseconds: 25_000, missed: 2, rate: 2);
        Assert.Equal(2, admin.Stat("flush.missed"));

        time.Advance(seconds: 5);
        admin.WaitForFlushes(2);
        AssertReport(gateway, admin, number: 2, seconds: 5, lateMilliseconds: 0, missed: 0, rate: 0);
    }

    [Fact]
    public void A_flush_that_fails_is_reported_and_the_next_one_has_everything()
    {
        ManualTime time = new();
        using RunningGateway gateway = new(options => options with { FlushInterval = TimeSpan.FromSeconds(10) }, time);
        using AdminClient admin = gateway.ConnectAdmin();
        SendHits(gateway, admin, count: 20);
        time.IsBroken = true;
        time.Advance(seconds: 10);
        admin.WaitForStat("flush.missed", 1);
        Assert.Contains("InvalidOperationException: it is broken", gateway.TakeErrors(), StringComparison.Ordinal);

        time.IsBroken = false;
        time.Advance(seconds: 10);

        admin.WaitForFlushes(1);
        AssertReport(gateway, admin, number: 1, seconds: 20, lateMilliseconds: 0, missed: 1, rate: 1);
    }

    [Fact]
    public void Flushes_are_counted_and_health_tells_of_the_last_one()
    {
        using RunningGateway gateway = new(options => options with { FlushInterval = Interval, FlushConsole = false });
        using AdminClient admin = gateway.ConnectAdmin();

        admin.WaitForStatAbove("flush.count", 2);

        string[] health = admin.Ask("health").Split('\n');
        Assert.Equal("health: up", health[0]);
        Assert.InRange(Number(health[1], "flush.last_seconds_ago: "), 0, Patience.Limit.TotalSeconds);
        Assert.InRange(Number(health[2], "flush.last_lateness_ms: "), 0, Patience.Milliseconds);
        Assert.Equal(0, admin.Stat("flush.lost_reports"));
        Assert.Equal("", Read(gateway.Reports));
    }

    [Fact]
    public void Nothing_is_flushed_where_that_is_off()
    {
        using RunningGateway gateway = new(options => options with { FlushInterval = null });
        using AdminClient admin = gateway.ConnectAdmin();

        Assert.Equal("health: up\n", admin.Ask("health"));
        Assert.Equal(0, admin.Stat("flush.count"));
        Assert.Equal("", Read(gateway.Reports));
    }

    [Fact]
    public void Names_that_are_not_used_any_more_make_room_for_others()
    {
        using RunningGateway gateway = new(
            options => options with { FlushInterval = Interval, FlushConsole = false, DeleteCounters = true, MaxNames = 1 });
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(gateway.StatsDUdp, "old:1|c"u8);
        admin.WaitForStat("statsd_udp.metrics", 1);
        admin.WaitForStat("names.total", 0);

        Client.SendDatagram(gateway.StatsDUdp, "new:1|c"u8);

        admin.WaitForStat("statsd_udp.metrics", 2);
        Assert.Equal(0, admin.Stat("rejected.too_many_names"));
    }

    private static void SendHits(RunningGateway gateway, AdminClient admin, int count)
    {
        long before = admin.Stat("statsd_udp.metrics");
        Client.SendDatagram(gateway.StatsDUdp, $"hits:{count}|c".Utf8());
        admin.WaitForStat("statsd_udp.metrics", before + 1);
    }

    private static void AssertReport(
        RunningGateway gateway, AdminClient admin, long number, double seconds, double lateMilliseconds, long missed, double rate)
    {
        JsonElement[] lines = [.. ReadReport(gateway, admin, number)];
        Assert.Equal(number, lines[0].GetProperty("flush").GetInt64());
        Assert.Equal(seconds, lines[0].GetProperty("seconds").GetDouble());
        Assert.Equal(lateMilliseconds, lines[0].GetProperty("late_ms").GetDouble());
        Assert.Equal(missed, lines[0].GetProperty("missed").GetInt64());
        Assert.Equal(rate, lines[1].GetProperty("rate").GetDouble());
    }

    private static IEnumerable<JsonElement> ReadReport(RunningGateway gateway, AdminClient admin, long number)
    {
        string report = "";
        Patience.WaitUntil(
            () => (report += Read(gateway.Reports)).EndsWith($"{{\"end\":{number},\"series\":1}}\n", StringComparison.Ordinal),
            () => report);
        admin.WaitForConsole();
        return Lines(report);
    }

    private static bool IsHits(JsonElement line) => line.TryGetProperty("counter", out JsonElement name) && name.ValueEquals("hits");

    private static IEnumerable<JsonElement> Lines(string reports) =>
        reports.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);

    // A report of this size is in the pipe as a whole or not at all.
    private static string Read(FdHandle reports)
    {
        byte[] buffer = new byte[1 << 16];
        int count = NonBlocking.TryRead(reports, buffer).Count;
        return new ReadOnlySpan<byte>(buffer, 0, count).Text();
    }

    private static double Number(string line, string start)
    {
        Assert.StartsWith(start, line, StringComparison.Ordinal);
        return double.Parse(line[start.Length..], CultureInfo.InvariantCulture);
    }
}
