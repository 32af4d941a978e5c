using System.Net;
using System.Net.Sockets;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Network;
using Vigil.IO;

namespace MetricsGateway.Tests.Operation;

/// <summary>A peer that does not read delays the end only up to the stop timeout, and costs the other targets nothing.</summary>
public sealed class StopTimeoutTests : IDisposable
{
    private const string Name = "a name that is long, so that ten thousands of them are more than the kernel keeps for a connection";

    // The test may read the totals before the console's thread has noted that it has written them.
    private const string ConsoleLeft = "(nobody reads standard output, the last reports are lost; )?";

    private static readonly GatewayOptions Options = RunningGateway.AllListeners with { FlushInterval = TimeSpan.FromHours(24) };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");

    // It stands still until everything that does not depend on the stuck peer is done.
    private readonly ManualTime _time = new();
    private readonly StringBuilder _output = new();
    private readonly byte[] _buffer = new byte[1 << 20];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData(16 << 20, false)]
    [InlineData(1 << 16, true)]
    public void A_Graphite_server_that_takes_nothing_keeps_neither_the_last_flush_nor_the_totals_from_others(int buffer, bool hasConsole)
    {
        using GraphiteServer server = new(receiveBufferSize: 4096);

        // If the flush is larger than the buffer, the worker waits a quarter of it, in real time, for the server.
        TimeSpan timeout = TimeSpan.FromMilliseconds(200);
        using RunningGateway gateway = new(
            _ => Options with
            {
                GraphiteSend = server.Endpoint,
                GraphiteBuffer = buffer,
                GraphiteTimeout = null,
                StopTimeout = timeout,
                FlushConsole = hasConsole,
            },
            _time);
        using AdminClient admin = gateway.ConnectAdmin();
        server.Accept();
        admin.WaitForStat("graphite_send.connected", 1);
        SendCounters(gateway, admin, 30_000);

        gateway.BeginStop();
        ReadUntilEnd(gateway, " 30000 names\n");
        admin.WaitUntilClosed();
        _time.Advance(timeout.TotalSeconds);
        gateway.WaitForStop();

        Assert.Equal(hasConsole, _output.ToString().Contains("\"last\":true", StringComparison.Ordinal));
        string errors = gateway.TakeErrors();
        if (buffer < 1 << 20)
        {
            // The rest may fit into the kernel's buffers after lines were dropped. Then the gateway stops before the timeout.
            Assert.StartsWith("MetricsGateway: too many lines wait for Graphite at ", errors, StringComparison.Ordinal);
            return;
        }

        Assert.Matches(
            "^MetricsGateway: stopped after 200ms \\(--stop-timeout\\): "
                + $"{ConsoleLeft}[0-9]+ lines were not sent to Graphite \\(--graphite-send\\)\n$",
            errors);
    }

    [Fact]
    public void A_reader_that_is_stuck_does_not_keep_the_last_flush_from_the_file()
    {
        string path = Path.Combine(_directory.FullName, "flushes.jsonl");
        using RunningGateway gateway = new(
            _ => Options with { FlushInterval = TimeSpan.FromSeconds(10), FlushFile = path, StopTimeout = TimeSpan.FromSeconds(4) }, _time);
        using AdminClient admin = gateway.ConnectAdmin();
        SendCounters(gateway, admin, 5_000);
        _time.Advance(10);
        admin.WaitForFlushes(1);
        admin.WaitForStat("flush_file.reports", 1);
        Assert.Equal(1, admin.Stat("flush.reporting"));

        gateway.BeginStop();
        Patience.WaitUntil(() => IsLastWritten(path), () => "the last flush is not in the file");
        _time.Advance(4);
        gateway.WaitForStop();

        string errors = gateway.TakeErrors();
        Assert.StartsWith(
            "MetricsGateway: stopped after 4s (--stop-timeout): nobody reads standard output, the last reports are lost",
            errors,
            StringComparison.Ordinal);
        Assert.Equal(1, errors.Count('\n'));
    }

    [Fact]
    public void An_admin_client_that_reads_slowly_gets_the_rest_of_its_answer()
    {
        IPEndPoint graphite = KeptPort.NextAtLoopback();
        using RunningGateway gateway = new(_ => Options with { Graphite = graphite, FlushInterval = null, StopTimeout = null });
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket slow = AskForMuch(gateway, admin);

        gateway.BeginStop();
        Client.WaitUntilRefused(graphite);

        Assert.EndsWith("}\nEND\n\n", slow.ReceiveToEnd(), StringComparison.Ordinal);
        gateway.WaitForStop();
    }

    [Fact]
    public void An_admin_client_that_does_not_read_is_waited_for_no_longer_than_the_stop_timeout()
    {
        using RunningGateway gateway = new(_ => Options with { FlushInterval = null, StopTimeout = TimeSpan.FromSeconds(4) }, _time);
        using AdminClient admin = gateway.ConnectAdmin();
        using Socket deaf = AskForMuch(gateway, admin);

        gateway.BeginStop();
        ReadUntilEnd(gateway, " 40000 names\n");
        admin.WaitUntilClosed();
        _time.Advance(4);
        gateway.WaitForStop();

        Assert.Matches(
            $"^MetricsGateway: stopped after 4s \\(--stop-timeout\\): {ConsoleLeft}1 connections were still open\n$", gateway.TakeErrors());
    }

    [Fact]
    public void The_totals_come_last_also_where_flushes_are_not_reported()
    {
        using RunningGateway gateway = new(_ => Options with { FlushConsole = false });

        gateway.Stop();

        ReadUntilEnd(gateway, "total: 0 lines, 0 metrics, 0 rejected, 0 names\n");
        Assert.DoesNotContain("{", _output.ToString(), StringComparison.Ordinal);
    }

    // The answer fills what the kernel holds for both sides, and the rest waits in the gateway.
    private static Socket AskForMuch(RunningGateway gateway, AdminClient admin)
    {
        SendCounters(gateway, admin, 40_000);
        Socket client = Client.Connect(gateway.Admin, receiveBufferSize: 4096);
        client.Send("counters\n"u8);
        admin.WaitForStatAbove("admin.unread_bytes", 30_000);
        return client;
    }

    private static void SendCounters(RunningGateway gateway, AdminClient admin, int count)
    {
        using Socket sender = Client.Connect(gateway.StatsDTcp);
        sender.Send(string.Concat(Enumerable.Range(0, count).Select(i => $"{Name}{i}:1|c\n")).Utf8());
        admin.WaitForStat("names.counters", count);
    }

    // A worker writes the file meanwhile.
    private static bool IsLastWritten(string path)
    {
        string[] lines = File.ReadAllLines(path);
        return lines.Any(line => line.Contains("\"last\":true", StringComparison.Ordinal))
            && lines[^1].StartsWith("{\"end\":2,", StringComparison.Ordinal);
    }

    private void ReadUntilEnd(RunningGateway gateway, string end)
    {
        string tail = "";
        Patience.WaitUntil(
            () =>
            {
                while (NonBlocking.TryRead(gateway.Reports, _buffer) is { IsSuccess: true, Count: > 0 and var count })
                {
                    string text = _buffer.AsSpan(0, count).Text();
                    _output.Append(text);
                    tail = (tail + text)[^Math.Min(tail.Length + text.Length, end.Length)..];
                }

                return string.Equals(tail, end, StringComparison.Ordinal);
            },
            () => $"the output ends with {tail}");
    }
}
