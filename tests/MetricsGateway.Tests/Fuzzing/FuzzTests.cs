using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MetricsGateway.Admin;
using MetricsGateway.Configuration;
using MetricsGateway.Flushing;
using MetricsGateway.GraphiteSending;
using MetricsGateway.Metrics;
using MetricsGateway.Protocols;
using MetricsGateway.Tests.Admin;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Metrics;
using MetricsGateway.Tests.Protocols;

namespace MetricsGateway.Tests.Fuzzing;

/// <summary>Whatever the network, a client or a file says: see tests/long/fuzz.sh for longer runs.</summary>
public class FuzzTests
{
    private const int MaxNames = 20;
    private const int MaxNameBytes = 2_000;
    private const int MaxSetValues = 20;
    private const int MaxLineLength = 500;

    // More than an input can have: beyond the limit it is by chance which samples of a timer are kept.
    private const int TimerSamples = 10_000;
    private const string EndOfAnswer = "END\n\n";

    private static readonly FlushInterval TenSeconds = new(
        1, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), TimeSpan.FromSeconds(10), TimeSpan.Zero, Missed: 0, IsLast: false);

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Any_StatsD_traffic_is_counted_line_by_line_is_the_same_in_packets_and_streams_and_is_flushed_whole() =>
        new Fuzzer(Fuzzer.Read("statsd.txt", "\n\n"), Scale.Seed(1)).Run(
            Scale.Times(3_000), input => CheckTraffic(input, reception => reception.StatsD, reception => reception.StatsDTotals));

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Any_Graphite_traffic_is_counted_line_by_line_is_the_same_in_packets_and_streams_and_is_flushed_whole() =>
        new Fuzzer(Fuzzer.Read("graphite.txt", "\n\n"), Scale.Seed(2)).Run(
            Scale.Times(3_000), input => CheckTraffic(input, reception => reception.Graphite, reception => reception.GraphiteTotals));

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Any_admin_command_has_one_answer_in_its_form()
    {
        Reception reception = new();
        AdminCommands commands = new(GatewayOptions.Defaults, reception.Store, new TrafficTotals());
        new Fuzzer(Fuzzer.Read("admin.txt", "\n"), Scale.Seed(3)).Run(Scale.Times(3_000), input =>
        {
            reception.StatsD.ReceivePacket("web.page.views:1|c|#env:prod\nmem.heap:2|g\nt:3|ms\nu:a|s"u8);
            return CheckCommand(commands, [.. input.Where(unit => unit != '\n')]);
        });
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Any_configuration_file_is_refused_with_its_line_or_says_what_it_means() =>
        new Fuzzer(Fuzzer.Read("configuration.txt", "\n\n"), Scale.Seed(4)).Run(Scale.Times(5_000), CheckConfiguration);

    private static string CheckTraffic(
        byte[] input, Func<Reception, LineReceiver> receiverOf, Func<Reception, ProtocolTotals> totalsOf)
    {
        Reception packet = new(MaxNames, MaxSetValues, MaxLineLength, MaxNameBytes, TimerSamples);
        Reception stream = new(MaxNames, MaxSetValues, MaxLineLength, MaxNameBytes, TimerSamples);
        receiverOf(packet).ReceivePacket(input);
        ReceiveStream(receiverOf(stream), input);

        ProtocolTotals totals = totalsOf(packet);
        int lines = Encoding.Latin1.GetString(input).Split('\n').Count(line => line is not ("" or "\r"));
        Assert.Equal(lines, totals.Lines);
        Assert.Equal(lines, totals.Metrics + totals.Rejections.Total);
        Assert.All(Rejections.Reasons, reason => Assert.Equal(totals.Rejections[reason], totalsOf(stream).Rejections[reason]));
        Assert.InRange(packet.Store.NameCount, 0, MaxNames);
        Assert.InRange(packet.Store.NameByteCount, 0, MaxNameBytes);
        Assert.InRange(packet.Store.SetValueCount, 0, MaxSetValues);
        if (lines == 1 && totals.Metrics == 0)
        {
            Assert.Equal(0, packet.Store.NameCount);
        }

        string report = Flush(packet.Store);
        Assert.Equal(report, Flush(stream.Store));
        return string.Join(
            ' ',
            Rejections.Reasons.Where(reason => totals.Rejections[reason] > 0)
                .Select(reason => $"{Rejections.NameOf(reason)}:{Math.Min(totals.Rejections[reason], 3)}")
                .Append($"kinds:{Kinds(packet.Store)} metrics:{Math.Min(totals.Metrics, 5)} tags:{totals.DroppedTags}"));
    }

    private static string Kinds(MetricStore store) =>
        $"{Math.Min(store.Counters.All().Count(), 3)}{Math.Min(store.Gauges.All().Count(), 3)}"
            + $"{Math.Min(store.Timers.All().Count(), 3)}{Math.Min(store.Sets.All().Count(), 3)}";

    private static void ReceiveStream(LineReceiver receiver, ReadOnlySpan<byte> bytes)
    {
        // The parts depend on the input alone, so that a shorter input is divided in a similar way.
        Random random = new(bytes.Length);
        using LineSplitter splitter = receiver.CreateSplitter();
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(random.Next(1, 100), bytes.Length);
            receiver.ReceiveChunk(bytes[..length], splitter);
            bytes = bytes[length..];
        }

        receiver.ReceiveEnd(splitter);
    }

    // The report and the text for Graphite. What is sent to a Graphite server is what the gateway itself would take as one.
    private static string Flush(MetricStore store)
    {
        FlushReport report = new(GatewayOptions.Defaults.Percentiles);
        LineBlockPool pool = new();
        LineHandover handover = new(limit: 10_000_000, pool);
        GraphiteText text = new("stats", GatewayOptions.Defaults.Percentiles, handover, pool);
        store.Flush(TenSeconds, GatewayOptions.Defaults, writers: [report, text]);

        string json = report.Text.Span.Text();
        foreach (string line in json.Split('\n')[..^1])
        {
            JsonDocument.Parse(line).Dispose();
        }

        string sent = string.Concat(handover.Take(out long dropped).Select(block => block.Text.Text()));
        Assert.Equal(0, dropped);
        string[] lines = sent.Split('\n');
        Assert.Empty(lines[^1]);
        Reception server = new(maxNames: 1_000_000, maxLineLength: 1_000_000, maxNameBytes: 100_000_000);
        server.Graphite.ReceivePacket(sent.Utf8());
        Assert.Equal(lines.Length - 1, server.GraphiteTotals.Metrics);
        Assert.Equal(lines.Length - 1, server.Store.Gauges.All().Count());

        // The time that the flush took is not a matter of the input.
        return json + string.Join('\n', lines.Where(line => !line.Contains("calculationtime", StringComparison.Ordinal)));
    }

    private static string CheckCommand(AdminCommands commands, byte[] line)
    {
        ArrayBufferWriter<byte> output = new();
        AdminResult result = commands.Execute(line, AdminCommandsTests.Status, output);
        if (result == AdminResult.Continues)
        {
            using IEnumerator<int> rest = commands.TakeRest();
            Assert.All(Steps(rest), _ => { });
        }

        string answer = output.WrittenSpan.Text();
        string word = Encoding.UTF8.GetString(line).Trim(' ', '\t').Split(' ', '\t')[0];
        switch (result)
        {
            case AdminResult.Unknown:
                Assert.Equal("ERROR\n", answer);
                return "unknown";
            case AdminResult.Close or AdminResult.Reload:
                Assert.Empty(answer);
                return result.ToString();
            case AdminResult.KeepOpen when word.Length == 0:
                Assert.Empty(answer);
                return "empty";
        }

        // A client waits for the end, and must not see one before.
        Assert.Equal(answer.Length - EndOfAnswer.Length, answer.IndexOf(EndOfAnswer, StringComparison.Ordinal));
        if (word is "counters" or "gauges" or "timers" or "sets")
        {
            JsonDocument.Parse(answer[..^EndOfAnswer.Length]).Dispose();
        }

        return $"{word} {Math.Min(answer.Count(character => character == '\n'), 10)}";
    }

    private static IEnumerable<int> Steps(IEnumerator<int> steps)
    {
        while (steps.MoveNext())
        {
            yield return steps.Current;
        }
    }

    private static string CheckConfiguration(byte[] file)
    {
        GatewayOptions options;
        try
        {
            options = ConfigurationFile.Apply(file, "x.json", GatewayOptions.Defaults);
        }
        catch (ConfigurationException refusal)
        {
            string[] parts = refusal.Message.Split(':', 3);
            Assert.Equal("x.json", parts[0]);

            // For the JSON reader a lone CR ends the line of a comment, too.
            int lines = 1 + file.Count(unit => unit is (byte)'\n' or (byte)'\r');
            Assert.InRange(int.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture), 1, lines);
            string what = parts[2].Trim();
            return OptionTable.All.FirstOrDefault(option => what.StartsWith($"'{option.Name}'", StringComparison.Ordinal))?.Name
                ?? what[..Math.Min(what.Length, 20)];
        }

        GatewayOptions copy = GatewayOptions.Defaults;
        List<string> changed = [];
        foreach (Option option in OptionTable.All)
        {
            string text = option.Format(options);
            Assert.True(option.TryApply(text, ref copy), $"'{option.Name}' does not read back what it shows: {text}");
            if (!option.IsSame(options, GatewayOptions.Defaults))
            {
                changed.Add(option.Name);
            }
        }

        Assert.Equal(options, copy);
        ArrayBufferWriter<byte> output = new();
        new AdminCommands(options, new MetricStore(options), new TrafficTotals()).Execute("config"u8, AdminCommandsTests.Status, output);
        string answer = output.WrittenSpan.Text();
        Assert.Equal(OptionTable.All.Count + 2, answer.Count(character => character == '\n'));
        Assert.Equal(answer.Length - EndOfAnswer.Length, answer.IndexOf(EndOfAnswer, StringComparison.Ordinal));
        return string.Join(' ', changed);
    }
}
