using MetricsGateway.Tests.Flushing;
using MetricsGateway.Tests.Operation;

namespace MetricsGateway.Tests.Network;

/// <summary>Flushes in a file.</summary>
public sealed class FlushFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");
    private readonly ManualTime _time = new();

    private string FilePath => Path.Combine(_directory.FullName, "logs", "x.jsonl");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Each_flush_is_in_the_file_the_last_one_included()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(gateway.StatsDUdp, "hits:3|c"u8);
        admin.WaitForStat("statsd_udp.metrics", 1);
        _time.Advance(10);
        admin.WaitForStat("flush_file.reports", 1);
        Client.SendDatagram(gateway.StatsDUdp, "hits:4|c"u8);
        admin.WaitForStat("statsd_udp.metrics", 2);

        gateway.Stop();

        string[] lines = File.ReadAllLines(FilePath);
        Assert.Equal(6, lines.Length);
        Assert.StartsWith("{\"counter\":\"hits\",\"count\":3,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("{\"counter\":\"hits\",\"count\":4,", lines[4], StringComparison.Ordinal);
        Assert.Equal("{\"end\":2,\"series\":1}", lines[5]);
    }

    [Fact]
    public void A_directory_that_is_gone_is_said_once_and_so_is_that_it_is_back()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Directory.Delete(Path.GetDirectoryName(FilePath)!, recursive: true);
        for (int i = 1; i <= 3; i++)
        {
            _time.Advance(10);
            admin.WaitForStat("flush_file.failures", i);
        }

        Assert.Matches("^MetricsGateway: cannot write flushes to [^\n]+; each flush tries again\n$", gateway.TakeErrors());
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        _time.Advance(10);
        admin.WaitForStat("flush_file.reports", 1);

        Assert.Equal($"MetricsGateway: flushes are written to {FilePath} again; 3 are not in it\n", gateway.TakeErrors());
        Assert.Equal(3, admin.Stat("flush_file.lost_reports"));
    }

    [Fact]
    public void Of_a_report_that_does_not_fit_any_more_nothing_is_left()
    {
        const int Full = 10_000;
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);

        // The limit of a file's size stands in for a full disk: the part of a report that fits is written, the rest is not.
        using TestConfiguration configuration = new();
        configuration.Write(("flush-console", "off"), ("flush-file", FilePath));
        using GatewayProcess gateway = GatewayProcess.StartWithSignals(
            "--default-signal=HUP,INT,TERM,USR1 --ignore-signal=XFSZ", "--config", configuration.Path);
        gateway.ReadUntilListening();
        gateway.LimitFileSize(Full);
        using (AdminClient admin = gateway.ConnectAdmin())
        {
            Client.SendDatagram(gateway.StatsDUdp, string.Join('\n', Enumerable.Range(0, 20).Select(i => $"level{i}:1|g")).Utf8());
            admin.WaitForStat("names.gauges", 20);

            // Flushes begin only now. Otherwise empty reports could fill the file before the gauges arrive.
            configuration.Write(("flush-console", "off"), ("flush-file", FilePath), ("flush-interval", "20ms"));
            admin.Ask("reload");
        }

        gateway.WaitForError("cannot write flushes to");
        gateway.Signal("TERM");
        gateway.WaitForExit();

        string text = File.ReadAllText(FilePath);
        Assert.InRange(text.Length, 1, Full);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.StartsWith("{\"end\":", text.Split('\n')[^2], StringComparison.Ordinal);
        Assert.Contains("\"series\":20}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_rotated_between_flushes_and_each_file_has_whole_ones()
    {
        using RunningGateway gateway = Start();
        using AdminClient admin = gateway.ConnectAdmin();
        Client.SendDatagram(gateway.StatsDUdp, string.Join('\n', Enumerable.Range(0, 60).Select(i => $"level{i}:1|g")).Utf8());
        admin.WaitForStat("names.gauges", 60);
        for (int i = 1; i <= 7; i++)
        {
            _time.Advance(10);
            admin.WaitForStat("flush_file.reports", i);
        }

        Assert.InRange(admin.Stat("flush_file.rotations"), 2, 7);
        foreach (string path in new[] { FilePath, FilePath + ".1", FilePath + ".2" })
        {
            string text = File.ReadAllText(path);
            Assert.InRange(text.Length, 1, 4_096);
            Assert.StartsWith("{\"flush\":", text, StringComparison.Ordinal);
            Assert.EndsWith(",\"series\":60}\n", text, StringComparison.Ordinal);
        }
    }

    private RunningGateway Start()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        return new(
            options => options with
            {
                FlushInterval = TimeSpan.FromSeconds(10),
                FlushConsole = false,
                FlushFile = FilePath,
                FlushFileSize = 4_096,
                FlushFileCount = 2,
            },
            _time);
    }
}
