using System.Buffers;
using System.Text;
using System.Text.Json;
using MetricsGateway.Admin;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

/// <summary>For any input: nothing throws, and each line is counted exactly once.</summary>
public class GarbageTests
{
    private const int MaxLineLength = 64;
    private const int MaxNames = 300;
    private const int MaxSetValues = 100;

    private static readonly string[] Pieces =
    [
        "a", "name.of.metric", ":", ":", "|", "|", "1", "-1", "+3", "1e308", "-1e308", "1e-320", "NaN", "c", "g", "ms", "h", "d", "s",
        "|c", "|g", "|ms", "|s", "|@0.1", "|@2", "|@1e-320", "|#", "|#t:v", ",u", ",:", ";", "a=b", " ", " N", " -1", "_e{", "_sc|",
        "\0", "\u00ff", "\r", "\r\n", "\n", "\n", "\n", "\t", "é", "0123456789012345678901234567890123456789",
    ];

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Random_bytes_in_packets_are_counted_line_by_line() =>
        Run(seed: 1, RandomBytes, (reception, bytes, _) =>
        {
            reception.StatsD.ReceivePacket(bytes);
            reception.Graphite.ReceivePacket(bytes);
        });

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Random_pieces_of_the_protocols_in_packets_are_counted_line_by_line() =>
        Run(seed: 2, RandomPieces, (reception, bytes, _) =>
        {
            reception.StatsD.ReceivePacket(bytes);
            reception.Graphite.ReceivePacket(bytes);
        });

    [Fact]
    [Trait("Duration", "Scaled")]
    public void Random_pieces_of_the_protocols_in_streams_are_counted_line_by_line() =>
        Run(seed: 3, RandomPieces, (reception, bytes, random) =>
        {
            ReceiveStream(reception.StatsD, bytes, random);
            ReceiveStream(reception.Graphite, bytes, random);
        });

    [Fact]
    [Trait("Duration", "Scaled")]
    public void A_damaged_valid_packet_is_counted_line_by_line()
    {
        byte[] valid = "hits:1|c|@0.5|#a:b,c:d\nlevel:-2|g\ntime:1:2:3|ms\nusers:x|s\nload;a=b 3 1700000000\n".Utf8();
        Run(
            seed: 4,
            random =>
            {
                byte[] damaged = [.. valid];
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                }

                return damaged;
            },
            (reception, bytes, _) =>
            {
                reception.StatsD.ReceivePacket(bytes);
                reception.Graphite.ReceivePacket(bytes);
            });
    }

    private static void Run(int seed, Func<Random, byte[]> create, Action<Reception, byte[], Random> receive)
    {
        Random random = new(Scale.Seed(seed));
        Reception reception = new(MaxNames, MaxSetValues, MaxLineLength);
        long lines = 0;
        for (int round = 0; round < Scale.Times(1_000); round++)
        {
            byte[] bytes = create(random);
            lines += CountLines(bytes);

            receive(reception, bytes, random);

            AssertCounted(reception.StatsDTotals, lines);
            AssertCounted(reception.GraphiteTotals, lines);
        }

        Assert.InRange(reception.Store.NameCount, 1, MaxNames);
        Assert.InRange(reception.Store.SetValueCount, 0, MaxSetValues);
        AssertIsValidJson(output => SeriesAnswers.WriteCounters(reception.Store.Counters, output));
        AssertIsValidJson(output => SeriesAnswers.WriteGauges(reception.Store.Gauges, output));
        AssertIsValidJson(output => SeriesAnswers.WriteTimers(reception.Store.Timers, output));
        AssertIsValidJson(output => SeriesAnswers.WriteSets(reception.Store.Sets, output));
    }

    private static void AssertCounted(ProtocolTotals totals, long lines)
    {
        Assert.Equal(lines, totals.Lines);
        Assert.Equal(lines, totals.Metrics + totals.Rejections.Total);
        Assert.Equal(totals.Rejections.Total, Rejections.Reasons.Sum(reason => totals.Rejections[reason]));
    }

    private static void AssertIsValidJson(Func<ArrayBufferWriter<byte>, IEnumerator<int>> write)
    {
        ArrayBufferWriter<byte> output = new();
        using IEnumerator<int> answer = write(output);
        while (answer.MoveNext())
        {
        }

        Assert.EndsWith("END\n\n", output.WrittenSpan.Text(), StringComparison.Ordinal);
        JsonDocument.Parse(output.WrittenMemory[..^"END\n\n".Length]).Dispose();
    }

    private static int CountLines(byte[] bytes) =>
        Encoding.Latin1.GetString(bytes)
            .Split('\n')
            .Select(line => line.EndsWith('\r') ? line[..^1] : line)
            .Count(line => line.Length > 0);

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(300)];
        random.NextBytes(bytes);
        for (int i = random.Next(10); i > 0 && bytes.Length > 0; i--)
        {
            bytes[random.Next(bytes.Length)] = (byte)'\n';
        }

        // Pure noise would hardly ever contain a metric.
        return [.. bytes, .. "\nsane:1|c\nsane 1 N"u8];
    }

    private static byte[] RandomPieces(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(60); i > 0; i--)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }

        return random.Next(2) == 0 ? text.ToString().Utf8() : text.ToString().Bytes();
    }

    private static void ReceiveStream(LineReceiver receiver, ReadOnlySpan<byte> bytes, Random random)
    {
        using LineSplitter splitter = receiver.CreateSplitter();
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(random.Next(1, 100), bytes.Length);
            receiver.ReceiveChunk(bytes[..length], splitter);
            bytes = bytes[length..];
        }

        receiver.ReceiveEnd(splitter);
    }
}
