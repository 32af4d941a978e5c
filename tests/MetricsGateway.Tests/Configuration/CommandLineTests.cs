using System.Net;
using MetricsGateway.Configuration;
using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Configuration;

public class CommandLineTests
{
    [Fact]
    public void Without_arguments_the_gateway_runs_on_loopback_with_the_usual_ports()
    {
        Invocation invocation = CommandLine.Parse([]);

        Assert.Equal(InvocationAction.Run, invocation.Action);
        Assert.Equal(GatewayOptions.Defaults, invocation.Options);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 8125), invocation.Options.StatsDUdp);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 8125), invocation.Options.StatsDTcp);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 2003), invocation.Options.Graphite);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 8126), invocation.Options.Admin);
        Assert.Null(invocation.Options.UnixSocket);
        Assert.Equal(10_000, invocation.Options.MaxConnections);
    }

    [Fact]
    public void Without_arguments_the_gateway_flushes_as_statsd_does()
    {
        GatewayOptions options = Parse();

        Assert.Equal(TimeSpan.FromSeconds(10), options.FlushInterval);
        Assert.True(options.FlushConsole);
        Assert.Equal([new Percentile(90)], options.Percentiles.Items);
        Assert.False(options.DeleteCounters);
        Assert.False(options.DeleteGauges);
        Assert.False(options.DeleteTimers);
        Assert.False(options.DeleteSets);
    }

    [Fact]
    public void Every_option_is_read_into_its_own_place()
    {
        GatewayOptions options = Parse(
            "--statsd-udp", "127.0.0.1:1", "--statsd-tcp=127.0.0.1:2", "--graphite", "[::1]:3", "--admin=0.0.0.0:4",
            "--unix-socket", "/run/x.sock", "--max-connections=5", "--max-line-length", "600", "--max-packet", "700",
            "--max-names", "8", "--max-set-values", "9", "--admin-buffer", "10000", "--flush-interval", "1.5s", "--flush-console=off",
            "--idle-timeout", "2m", "--percentiles=50,-99.9", "--timer-samples", "12", "--max-timer-samples", "13");

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 1), options.StatsDUdp);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 2), options.StatsDTcp);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 3), options.Graphite);
        Assert.Equal(new IPEndPoint(IPAddress.Any, 4), options.Admin);
        Assert.Equal("/run/x.sock", options.UnixSocket);
        Assert.Equal(5, options.MaxConnections);
        Assert.Equal(600, options.MaxLineLength);
        Assert.Equal(700, options.MaxPacket);
        Assert.Equal(8, options.MaxNames);
        Assert.Equal(9, options.MaxSetValues);
        Assert.Equal(10_000, options.AdminBuffer);
        Assert.Equal(TimeSpan.FromSeconds(1.5), options.FlushInterval);
        Assert.False(options.FlushConsole);
        Assert.Equal(TimeSpan.FromMinutes(2), options.IdleTimeout);
        Assert.Equal([new Percentile(50), new Percentile(-99.9m)], options.Percentiles.Items);
        Assert.Equal(12, options.TimerSamples);
        Assert.Equal(13, options.MaxTimerSamples);
    }

    [Fact]
    public void What_is_deleted_is_decided_for_each_kind()
    {
        Assert.Equal(GatewayOptions.Defaults with { DeleteCounters = true }, Parse("--delete-counters", "on"));
        Assert.Equal(GatewayOptions.Defaults with { DeleteGauges = true }, Parse("--delete-gauges", "on"));
        Assert.Equal(GatewayOptions.Defaults with { DeleteTimers = true }, Parse("--delete-timers", "on"));
        Assert.Equal(GatewayOptions.Defaults with { DeleteSets = true }, Parse("--delete-sets", "on"));
    }

    [Fact]
    public void A_listener_can_be_off()
    {
        GatewayOptions options = Parse("--statsd-udp", "off", "--admin=off", "--unix-socket=off");

        Assert.Null(options.StatsDUdp);
        Assert.Null(options.Admin);
        Assert.NotNull(options.Graphite);
    }

    [Theory]
    [InlineData("--help", nameof(InvocationAction.ShowHelp))]
    [InlineData("-h", nameof(InvocationAction.ShowHelp))]
    [InlineData("--version", nameof(InvocationAction.ShowVersion))]
    public void Help_and_version_can_be_asked_for(string argument, string action)
    {
        Assert.Equal(action, CommandLine.Parse([argument]).Action.ToString());
        Assert.Equal(action, CommandLine.Parse(["--max-names", "5", argument]).Action.ToString());
    }

    [Theory]
    [InlineData("unknown option '--max-name'; did you mean '--max-names'?", "--max-name", "5")]
    [InlineData("unknown option '--stasd-udp'; did you mean '--statsd-udp'?", "--stasd-udp=off")]
    [InlineData("unknown option '--hlep'; did you mean '--help'?", "--hlep")]
    [InlineData("unknown option '--frobnicate'", "--frobnicate")]
    [InlineData("unknown option '--'", "--=5")]
    [InlineData("unexpected argument '8125': options are written --name value", "8125")]
    [InlineData("unexpected argument '-p': options are written --name value", "-p")]
    [InlineData("unexpected argument '--': options are written --name value", "--")]
    [InlineData("'--max-names' needs a value: a whole number from 1 to 10000000", "--max-names")]
    [InlineData("'--config' needs a value: the path of a JSON file", "--config")]
    [InlineData("'--max-names' is given twice", "--max-names=1", "--max-names=1")]
    [InlineData("'--help' takes no value", "--help=me")]
    [InlineData("'--max-names' must be a whole number from 1 to 10000000, not '0'", "--max-names=0")]
    [InlineData("'--max-names' must be a whole number from 1 to 10000000, not '10000001'", "--max-names=10000001")]
    [InlineData("'--max-names' must be a whole number from 1 to 10000000, not '99999999999999999999'", "--max-names=99999999999999999999")]
    [InlineData("'--max-names' must be a whole number from 1 to 10000000, not '1e3'", "--max-names=1e3")]
    [InlineData("'--max-names' must be a whole number from 1 to 10000000, not ''", "--max-names=")]
    [InlineData(
        "'--graphite' must be ADDRESS:PORT, such as 127.0.0.1:8125, [::1]:8125 or localhost:8125, up to 20 with commas between them, or "
            + "'off', not 'localhost'",
        "--graphite=localhost")]
    [InlineData(
        "'--flush-interval' must be a time from 10ms to 24h with its unit, such as 500ms, 1.5s or 2m, or 'off', not '10'",
        "--flush-interval=10")]
    [InlineData(
        "'--flush-interval' must be a time from 10ms to 24h with its unit, such as 500ms, 1.5s or 2m, or 'off', not '9ms'",
        "--flush-interval=9ms")]
    [InlineData(
        "'--flush-interval' must be a time from 10ms to 24h with its unit, such as 500ms, 1.5s or 2m, or 'off', not '25h'",
        "--flush-interval=25h")]
    [InlineData(
        "'--flush-interval' must be a time from 10ms to 24h with its unit, such as 500ms, 1.5s or 2m, or 'off', not '999999999999999h'",
        "--flush-interval=999999999999999h")]
    [InlineData(
        "'--graphite-send' must be ADDRESS:PORT, such as 127.0.0.1:2003, [::1]:2003 or graphite.example:2003, or 'off', not "
            + "'127.0.0.1:1,127.0.0.1:2'",
        "--graphite-send=127.0.0.1:1,127.0.0.1:2")]
    [InlineData("'--unix-socket-mode' must be an octal number from 0000 to 0777, such as 0722, not '0788'", "--unix-socket-mode=0788")]
    [InlineData("'--unix-socket-mode' must be an octal number from 0000 to 0777, such as 0722, not '4755'", "--unix-socket-mode=4755")]
    [InlineData("'--delete-sets' must be 'on' or 'off', not 'true'", "--delete-sets=true")]
    [InlineData(
        "'--percentiles' must be up to 20 numbers from -100 to 100 without 0, such as 50,90,99.9, or 'off', not '90,'",
        "--percentiles=90,")]
    [InlineData("'--unix-socket' must be a path of at most 107 bytes, or 'off', not ''", "--unix-socket=")]
    [InlineData(
        "nothing to receive: statsd-udp, statsd-tcp, unix-socket and graphite are all off",
        "--statsd-udp=off", "--statsd-tcp=off", "--graphite=off")]
    public void What_cannot_be_used_is_refused_with_what_is_allowed(string message, params string[] arguments)
    {
        ConfigurationException exception = Assert.Throws<ConfigurationException>(() => CommandLine.Parse(arguments));
        Assert.Equal(message, exception.Message);
    }

    [Fact]
    public void The_command_line_wins_over_the_configuration_file_wherever_it_stands()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{ "max-names": 5, "max-connections": 6 }""");

            GatewayOptions options = Parse("--max-names", "7", "--config", path);

            Assert.Equal(7, options.MaxNames);
            Assert.Equal(6, options.MaxConnections);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("/does/not/exist.json")]
    [InlineData("/")]
    [InlineData("")]
    public void A_configuration_file_that_cannot_be_read_is_an_error(string path)
    {
        ConfigurationException exception = Assert.Throws<ConfigurationException>(() => CommandLine.Parse(["--config", path]));
        Assert.StartsWith("cannot read the configuration file: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relative_file_for_flushes_is_in_the_directory_of_the_start_for_good()
    {
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "x.jsonl"), Parse("--flush-file", "x.jsonl").FlushFile);
        Assert.Equal("/var/log/x.jsonl", Parse("--flush-file", "/var/log/x.jsonl").FlushFile);
    }

    private static GatewayOptions Parse(params string[] arguments) => CommandLine.Parse(arguments).Options;
}
