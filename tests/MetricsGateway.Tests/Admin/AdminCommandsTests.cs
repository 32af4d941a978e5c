using System.Buffers;
using System.Text.Json;
using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Metrics;
using Vigil;

namespace MetricsGateway.Tests.Admin;

public class AdminCommandsTests
{
    private const string End = "END\n\n";

    internal static readonly GatewayStatus Status = new()
    {
        Uptime = TimeSpan.FromSeconds(61.9),
        SinceLastMessage = TimeSpan.FromSeconds(2.5),
        OpenConnections = 3,
        AcceptedConnections = 5,
        RefusedConnections = 7,
        FailedAccepts = 11,
        DroppedClients = 13,
        IdleClosedConnections = 47,
        OverlongCommands = 23,
        UnreadBytes = 163,
        Troubles = [],
        ListenerFailures = 167,
        Flush = new FlushStatus
        {
            Count = 29,
            Missed = 31,
            SinceLast = TimeSpan.FromSeconds(3.2),
            LastLateness = TimeSpan.FromMicroseconds(37.5),
            LastDuration = TimeSpan.FromMicroseconds(41),
            LastComputing = TimeSpan.FromMicroseconds(61),
            IsComputing = true,
            IsReporting = true,
            LostReports = 43,
            Failed = 53,
        },
        FlushFile = new FlushFileStatus { Reports = 67, Bytes = 71, Rotations = 73, Failures = 79, Lost = 83 },
        Graphite = new GraphiteStatus
        {
            IsConnected = true,
            Connections = 89,
            Failures = 97,
            SentBytes = 101,
            SentLines = 103,
            WaitingBytes = 107,
            WaitingLines = 109,
            DroppedLines = 113,
        },
        Workers = new WorkerPoolStatistics
        {
            Queued = 127,
            Running = 131,
            Done = 137,
            Failed = 139,
            Stolen = 0,
            Cancelled = 0,
            Rejected = 0,
            RunByCallers = 0,
            WaitTimes = new DurationSummary
            {
                Count = 1,
                Mean = Microseconds(1),
                Median = Microseconds(149),
                P99 = Microseconds(151),
                Max = Microseconds(157)
            },
            RunTimes = new DurationSummary
            {
                Count = 1,
                Mean = Microseconds(1),
                Median = Microseconds(163),
                P99 = Microseconds(167),
                Max = Microseconds(173)
            },
        },
        Reloads = 53,
        RefusedReloads = 59,
        Listeners = [new ListenerStatus("statsd-udp", "127.0.0.1:8125", 0), new ListenerStatus("admin", "127.0.0.1:8126", 3)],
        Loop = new EventManagerStatistics
        {
            Iterations = 17,
            TimerCallbacks = 179,
            SourceCallbacks = 19,
            PostedCallbacks = 181,
            DeferredCallbacks = 0,
            Posts = 0,
            BusyTime = TimeSpan.FromMilliseconds(191),
            IdleTime = TimeSpan.FromMilliseconds(193),
            Lag = new DurationSummary
            {
                Count = 1,
                Mean = Microseconds(1),
                Median = Microseconds(197),
                P99 = Microseconds(199),
                Max = Microseconds(211)
            },
            TimerLateness = new DurationSummary
            {
                Count = 1,
                Mean = Microseconds(1),
                Median = Microseconds(223),
                P99 = Microseconds(227),
                Max = Microseconds(229)
            },
            StaleEvents = 0,
            OrphanedEvents = 0,
            Faults = 233,
        },
        Slow = new SlowCallbackStatistics { Callbacks = 239, Phases = 241, Suppressed = 0, Latest = [] },
    };

    private readonly MetricStore _store = new(GatewayOptions.Defaults);
    private readonly TrafficTotals _totals = new();
    private readonly AdminCommands _commands;

    public AdminCommandsTests()
    {
        _commands = new AdminCommands(GatewayOptions.Defaults, _store, _totals);
    }

    [Fact]
    public void Stats_are_lines_of_key_and_value_with_those_of_statsd_first()
    {
        Receive("a:1|c\nb:1|g\nc:x|g\nd:1|s");

        string[] lines = Execute("stats").Split('\n');

        Assert.Equal(["uptime: 61", "messages.last_msg_seen: 2", "messages.bad_lines_seen: 1"], lines[..3], StringComparer.Ordinal);
        Assert.Equal(["END", "", ""], lines[^3..], StringComparer.Ordinal);
        Assert.All(lines[..^3], line => Assert.Matches("^[a-z0-9_.]+: [0-9]+$", line));
        Assert.Distinct(lines[..^3], StringComparer.Ordinal);
        Assert.Subset(
            lines.ToHashSet(StringComparer.Ordinal),
            new HashSet<string>(StringComparer.Ordinal)
            {
                "listeners.failures: 167",
                "connections.open: 3",
                "connections.accepted: 5",
                "connections.refused: 7",
                "connections.failed_accepts: 11",
                "connections.dropped_clients: 13",
                "connections.idle_closed: 47",
                "admin.overlong_commands: 23",
                "admin.unread_bytes: 163",
                "flush.count: 29",
                "flush.missed: 31",
                "flush.failed: 53",
                "flush.computing: 1",
                "flush.reporting: 1",
                "flush.lost_reports: 43",
                "flush.last_lateness_us: 37",
                "flush.last_duration_us: 41",
                "flush.last_computing_us: 61",
                "flush_file.reports: 67",
                "flush_file.bytes: 71",
                "flush_file.rotations: 73",
                "flush_file.failures: 79",
                "flush_file.lost_reports: 83",
                "graphite_send.connected: 1",
                "graphite_send.connections: 89",
                "graphite_send.failures: 97",
                "graphite_send.bytes: 101",
                "graphite_send.lines: 103",
                "graphite_send.waiting_bytes: 107",
                "graphite_send.waiting_lines: 109",
                "graphite_send.dropped_lines: 113",
                "workers.queued: 127",
                "workers.running: 131",
                "workers.done: 137",
                "workers.failed: 139",
                "workers.wait_p50_us: 149",
                "workers.wait_p99_us: 151",
                "workers.wait_max_us: 157",
                "workers.run_p50_us: 163",
                "workers.run_p99_us: 167",
                "workers.run_max_us: 173",
                "reloads.done: 53",
                "reloads.refused: 59",
                "loop.turns: 17",
                "loop.events: 19",
                "loop.timers: 179",
                "loop.posted: 181",
                "loop.busy_ms: 191",
                "loop.idle_ms: 193",
                "loop.lag_p50_us: 197",
                "loop.lag_p99_us: 199",
                "loop.lag_max_us: 211",
                "loop.timer_lateness_p50_us: 223",
                "loop.timer_lateness_p99_us: 227",
                "loop.timer_lateness_max_us: 229",
                "loop.faults: 233",
                "slow.callbacks: 239",
                "slow.phases: 241",
                "names.counters: 1",
                "names.gauges: 1",
                "names.timers: 0",
                "names.sets: 1",
                "names.total: 3",
                "set_values.total: 1",
                "timer_samples.total: 0",
                "statsd_udp.packets: 1",
                "statsd_udp.bytes: 23",
                "statsd_udp.lines: 4",
                "statsd_udp.metrics: 3",
                "statsd_udp.rejected: 1",
                "statsd_udp.drops: 0",
                "graphite.lines: 0",
                "rejected.invalid_value: 1",
                "rejected.too_many_names: 0",
            });
    }

    [Fact]
    public void A_gateway_without_slow_callbacks_has_none_to_tell_of() => Assert.Equal(End, Execute("slow"));

    [Fact]
    public void Counters_gauges_and_sets_are_JSON_objects_of_numbers()
    {
        Receive("hits:3|c|#b:2,a:1\nhits:1.5|c\nlevel:-2|g\nusers:x|s\nusers:y|s");

        Assert.Equal("{\n  \"hits;a=1;b=2\": 3,\n  \"hits\": 1.5\n}\n" + End, Execute("counters"));
        Assert.Equal("{\n  \"level\": -2\n}\n" + End, Execute("gauges"));
        Assert.Equal("{\n  \"users\": 2\n}\n" + End, Execute("sets"));
    }

    [Fact]
    public void Timers_are_a_JSON_object_of_summaries()
    {
        Receive("time:4|ms\ntime:2|ms|@0.5");

        JsonElement timer = Json(Execute("timers")).GetProperty("time");

        Assert.Equal("""{"count":3,"sum":6,"lower":2,"upper":4,"last":2}""", JsonSerializer.Serialize(timer));
    }

    [Theory]
    [InlineData("counters")]
    [InlineData("gauges")]
    [InlineData("timers")]
    [InlineData("sets")]
    public void Nothing_is_an_empty_JSON_object(string command) => Assert.Equal("{}\n" + End, Execute(command));

    [Fact]
    public void Any_name_and_any_value_make_valid_JSON()
    {
        Receive("n:1e308|c|#t:\"quoted\\\nключ é:-1e308|c\n\u200e:1e-320|c");
        Receive("n:1e308|c|@0.01|#t:\"quoted\\");

        JsonElement counters = Json(Execute("counters"));

        Assert.Equal(double.MaxValue, counters.GetProperty("n;t=\"quoted\\").GetDouble());
        Assert.Equal(-1e308, counters.GetProperty("ключ_é").GetDouble());
        Assert.Equal(1e-320, counters.GetProperty("\u200e").GetDouble());
    }

    [Fact]
    public void Series_are_deleted_by_name_by_key_and_by_folder()
    {
        Receive("a:1|c\na:1|c|#t:1\nb:1|c|#t:1\nb:1|c|#t:2\nc.x:1|c\nc.y.z:1|c\nd:1|c");

        Assert.Equal("deleted: a\ndeleted: a;t=1\ndeleted: b;t=2\n" + End, Execute("delcounters a b;t=2"));
        Assert.Equal("deleted: c.x\ndeleted: c.y.z\n" + End, Execute("delcounters  c.* "));
        Assert.Equal("metric a not found\nmetric x.* not found\n" + End, Execute("delcounters a x.*"));
        Assert.Equal("{\n  \"b;t=1\": 1,\n  \"d\": 1\n}\n" + End, Execute("counters"));
    }

    [Fact]
    public void Each_delete_command_deletes_its_own_kind()
    {
        Receive("n:1|c\nn:1|g\nn:1|ms\nn:1|s");

        Assert.Equal("deleted: n\n" + End, Execute("delgauges n"));
        Assert.Equal(0, _store.Gauges.Count);
        Assert.Equal("deleted: n\n" + End, Execute("deltimers n"));
        Assert.Equal(0, _store.Timers.Count);
        Assert.Equal(1, _store.Counters.Count);
        Assert.Equal(1, _store.Sets.Count);
    }

    [Fact]
    public void Deleting_nothing_deletes_nothing()
    {
        Receive("n:1|c");

        Assert.Equal(End, Execute("delcounters"));
        Assert.Equal(1, _store.Counters.Count);
    }

    [Fact]
    public void Health_is_up_until_it_is_set_down()
    {
        Assert.StartsWith("health: up\n", Execute("health"), StringComparison.Ordinal);
        Assert.StartsWith("health: down\n", Execute("health down"), StringComparison.Ordinal);
        Assert.StartsWith("health: down\n", Execute("health"), StringComparison.Ordinal);
        Assert.StartsWith("health: down\n", Execute("health sideways"), StringComparison.Ordinal);
        Assert.StartsWith("health: up\n", Execute("health up"), StringComparison.Ordinal);
    }

    [Fact]
    public void Health_tells_when_the_last_flush_was_and_how_late()
    {
        FlushStatus flush = Status.Flush!;

        Assert.Equal("health: up\nflush.last_seconds_ago: 3.2\nflush.last_lateness_ms: 0.038\n" + End, Execute("health"));
        Assert.Equal(
            "health: up\nflush.last_seconds_ago: none\nflush.last_lateness_ms: 0.000\n" + End,
            Execute("health", Status with { Flush = flush with { SinceLast = null, LastLateness = TimeSpan.Zero } }));
        Assert.Equal("health: up\n" + End, Execute("health", Status with { Flush = null }));
    }

    [Fact]
    public void Without_flushes_their_counts_are_0()
    {
        Assert.Contains("flush.count: 0\n", Execute("stats", Status with { Flush = null }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_timer_that_nothing_has_arrived_for_has_no_bounds()
    {
        Receive("time:4|ms");
        _store.PassInterval();

        JsonElement timer = Json(Execute("timers")).GetProperty("time");

        Assert.Equal("""{"count":0,"sum":0}""", JsonSerializer.Serialize(timer));
    }

    [Fact]
    public void Config_shows_every_option_in_effect()
    {
        string answer = Execute("config");

        Assert.All(OptionTable.All, option => Assert.Contains($"{option.Name}: {option.Text.Default}\n", answer, StringComparison.Ordinal));
        Assert.EndsWith(End, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stats")]
    [InlineData("counters")]
    [InlineData("gauges")]
    [InlineData("timers")]
    [InlineData("sets")]
    [InlineData("delcounters")]
    [InlineData("delgauges")]
    [InlineData("deltimers")]
    [InlineData("health")]
    [InlineData("config")]
    [InlineData("reload")]
    [InlineData("rejected")]
    [InlineData("help")]
    [InlineData("quit")]
    public void Help_names_every_command_and_every_command_is_known(string command)
    {
        Assert.Contains($"\n  {command} ", Execute("help"), StringComparison.Ordinal);
        Assert.DoesNotContain("ERROR", Execute(command), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("STATS")]
    [InlineData("stats\0")]
    [InlineData("\u00ff\u00fe")]
    [InlineData("GET / HTTP/1.1")]
    public void An_unknown_command_is_answered_by_ERROR(string command) => Assert.Equal("ERROR\n", Execute(command));

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public void An_empty_line_is_not_answered(string line) => Assert.Equal("", Execute(line));

    [Fact]
    public void Quit_says_nothing_and_closes()
    {
        OutputBuffer output = Outputs.WithLimit(4096);

        Assert.Equal(AdminResult.Close, _commands.Execute("quit"u8, Status, output));
        Assert.Equal(AdminResult.KeepOpen, _commands.Execute("health"u8, Status, output));
        Assert.StartsWith("health: up\n", output.TakeText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stats")]
    [InlineData("counters")]
    [InlineData("config")]
    [InlineData("delcounters *")]
    public void An_answer_that_is_too_large_overflows_the_buffer_and_throws_nothing(string command)
    {
        Receive(string.Join('\n', Enumerable.Range(0, 500).Select(i => $"counter.number.{i}:1|c")));
        OutputBuffer output = Outputs.WithLimit(200);

        Execute(command, Status, output);

        Assert.True(output.IsOverflowed);
    }

    [Theory]
    [InlineData("counters")]
    [InlineData("delcounters x y z*")]
    [InlineData("delcounters *")]
    public void What_goes_through_all_series_goes_in_small_steps(string command)
    {
        Receive(string.Join('\n', Enumerable.Range(0, 5_000).Select(i => $"counter.number.{i}:1|c")));
        Receive(string.Join('\n', Enumerable.Range(0, 50).Select(i => $"{new string('x', 8_000)}{i}:1|c")));
        ArrayBufferWriter<byte> output = new();
        Assert.Equal(AdminResult.Continues, _commands.Execute(command.Utf8(), Status, output));
        using IEnumerator<int> rest = _commands.TakeRest();
        int steps = 1;
        int written = 0;
        for (; rest.MoveNext(); steps++)
        {
            Assert.InRange(output.WrittenCount - written, 0, 20_000);
            written = output.WrittenCount;
        }

        Assert.InRange(steps, 5_000 / 40, 6_000);
        Assert.EndsWith(End, output.WrittenSpan.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_thousands_of_names_goes_through_the_series_once()
    {
        Receive("a:1|c\nb:1|c\nc1:1|c\nc2:1|c\nd:1|c");

        Assert.Equal(
            "deleted: a\ndeleted: c1\ndeleted: c2\nmetric z not found\n" + End,
            Execute("delcounters " + string.Concat(Enumerable.Repeat("a c* z ", 1_000))));
        Assert.Equal(2, _store.Counters.Count);
    }

    [Fact]
    public void Looking_at_idle_timers_gives_them_nothing()
    {
        Receive(string.Join('\n', Enumerable.Range(0, 500).Select(i => $"t{i}:1|ms")));
        _store.PassInterval();

        // The other half of each timer is created when something arrives, and not before.
        Execute("timers");

        Assert.All(_store.Timers.All(), timer => Assert.False(timer.TryGetInterval(out _)));
    }

    private static JsonElement Json(string answer)
    {
        Assert.EndsWith(End, answer, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(answer[..^End.Length]);
        return document.RootElement.Clone();
    }

    private void Receive(string packet) => new StatsDReceiver(_store, _totals.StatsDUdp, 8192).ReceivePacket(packet.Utf8());

    private static TimeSpan Microseconds(int count) => TimeSpan.FromMicroseconds(count);

    private string Execute(string command, GatewayStatus? status = null)
    {
        OutputBuffer output = Outputs.WithLimit(1 << 20);
        Execute(command, status ?? Status, output);
        return output.TakeText();
    }

    private AdminResult Execute(string command, GatewayStatus status, OutputBuffer output)
    {
        AdminResult result = _commands.Execute(command.Utf8(), status, output);
        if (result == AdminResult.Continues)
        {
            using IEnumerator<int> rest = _commands.TakeRest();
            while (rest.MoveNext())
            {
            }
        }

        return result;
    }
}
