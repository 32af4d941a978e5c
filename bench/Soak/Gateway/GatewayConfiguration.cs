using System.Globalization;
using System.Text.Json;

namespace Soak.Gateway;

/// <summary>The gateway's configuration file: the usual one, others that it must take, and some that it must refuse.</summary>
internal sealed class GatewayConfiguration : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("vigil-soak-gateway-");
    private readonly Ports _ports;
    private readonly Schedule _schedule;
    private readonly int _graphiteServer;

    public GatewayConfiguration(Ports ports, Schedule schedule, int graphiteServer)
    {
        _ports = ports;
        _schedule = schedule;
        _graphiteServer = graphiteServer;
        WriteUsual();
    }

    public string File => Path.Combine(_directory.FullName, "gateway.json");

    public void WriteUsual() => Write([]);

    /// <summary>Writes other values of some options.</summary>
    public void WriteChanged(Random random)
    {
        (string Option, object Value)[][] changes =
        [
            [("flush-interval", Milliseconds(_schedule.FlushInterval * 1.5))],
            [("percentiles", "50,99,-10"), ("histogram-bins", "1,10,inf")],
            [("idle-timeout", Milliseconds(_schedule.IdleTimeout * 1.5))],
            [("receive-buffer", 8 << 20), ("max-packet", 8192)],
            [("statsd-tcp", $"127.0.0.1:{_ports.StatsDTcp},127.0.0.1:{_ports.MovedTcp}")],
            [("graphite", $"127.0.0.1:{_ports.MovedGraphite}")],
            [("unix-socket", Path.Combine(_directory.FullName, "statsd.sock"))],
            [("flush-file", Path.Combine(_directory.FullName, "flushes.jsonl")), ("flush-file-size", 65536), ("flush-file-count", 2)],
            [("timer-samples", 100), ("max-timer-samples", 1000), ("max-line-length", 4096)],
            [("delete-gauges", "off"), ("delete-timers", "off")],
        ];
        Write([.. changes[random.Next(changes.Length)], .. changes[random.Next(changes.Length)]]);
    }

    /// <summary>Writes something that the gateway refuses, whatever it has.</summary>
    public void WriteWrong(Random random)
    {
        switch (random.Next(3))
        {
            case 0:
                WriteText("{ \"max-names\": ");
                break;
            case 1:
                Write([("max-names", 0)]);
                break;
            default:
                // An address that this machine does not have (RFC 5737).
                Write([("graphite", "192.0.2.1:2003")]);
                break;
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static string Milliseconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0}ms");

    private void Write(IEnumerable<(string Option, object Value)> changes)
    {
        Dictionary<string, object> options = new(StringComparer.Ordinal)
        {
            ["statsd-udp"] = $"127.0.0.1:{_ports.StatsDUdp}",
            ["statsd-tcp"] = $"127.0.0.1:{_ports.StatsDTcp}",
            ["graphite"] = $"127.0.0.1:{_ports.Graphite}",
            ["admin"] = $"127.0.0.1:{_ports.Admin}",
            ["graphite-send"] = $"127.0.0.1:{_graphiteServer}",
            ["flush-interval"] = Milliseconds(_schedule.FlushInterval),
            ["idle-timeout"] = Milliseconds(_schedule.IdleTimeout),
            ["flush-console"] = "off",
            ["delete-counters"] = "on",
            ["delete-timers"] = "on",
            ["delete-sets"] = "on",
            ["delete-gauges"] = "on",
        };
        foreach ((string option, object value) in changes)
        {
            options[option] = value;
        }

        WriteText(JsonSerializer.Serialize(options));
    }

    // By a rename, so that the gateway, which watches the file, never reads half of it.
    private void WriteText(string text)
    {
        string next = $"{File}.next";
        System.IO.File.WriteAllText(next, text);
        System.IO.File.Move(next, File, overwrite: true);
    }
}
