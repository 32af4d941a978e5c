using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Configuration;

public class ConfigurationFileTests
{
    [Fact]
    public void Keys_are_the_names_of_the_options()
    {
        GatewayOptions options = Apply(
            """
            {
              // comments and trailing commas are allowed
              "statsd-udp": "off",
              "graphite": "[::1]:0",
              "unix-socket": "/run/x.sock",
              "max-names": 5,
              "flush-interval": "500ms",
              "percentiles": "50,99",
              "delete-timers": "on",
            }
            """);

        Assert.Null(options.StatsDUdp);
        Assert.Equal("[::1]:0", options.Graphite!.ToString());
        Assert.Equal("/run/x.sock", options.UnixSocket);
        Assert.Equal(5, options.MaxNames);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.FlushInterval);
        Assert.Equal("50,99", options.Percentiles.ToString());
        Assert.True(options.DeleteTimers);
        Assert.Equal(GatewayOptions.Defaults.Admin, options.Admin);
    }

    [Fact]
    public void An_empty_object_changes_nothing() => Assert.Equal(GatewayOptions.Defaults, Apply("{}"));

    [Fact]
    public void A_byte_order_mark_is_passed_over() => Assert.Equal(5, Apply("\uFEFF{ \"max-names\": 5 }").MaxNames);

    [Theory]
    [InlineData("{\n\"max-name\": 5 }", "x.json:2: unknown key 'max-name'; did you mean 'max-names'?")]
    [InlineData("{ \"colour\": 5 }", "x.json:1: unknown key 'colour'")]
    [InlineData("{ \"config\": \"y.json\" }", "x.json:1: unknown key 'config'")]
    [InlineData("{ \"max-names\": 5,\n \"max-names\": 5 }", "x.json:2: 'max-names' is given twice")]
    [InlineData("{\n\n \"max-names\":\n 0 }", "x.json:4: 'max-names' must be a whole number from 1 to 10000000, not 0")]
    [InlineData("\uFEFF{\n\"max-names\":\n0 }", "x.json:3: 'max-names' must be a whole number from 1 to 10000000, not 0")]
    [InlineData("{ \"max-names\": 1.5 }", "x.json:1: 'max-names' must be a whole number from 1 to 10000000, not 1.5")]
    [InlineData("{ \"max-names\": \"5\" }", "x.json:1: 'max-names' must be a whole number from 1 to 10000000, not \"5\"")]
    [InlineData("{ \"max-names\": null }", "x.json:1: 'max-names' must be a whole number from 1 to 10000000, not null")]
    [InlineData("{ \"max-names\": [5] }", "x.json:1: 'max-names' must be a whole number from 1 to 10000000, not an array")]
    [InlineData("{ \"max-names\": {} }", "x.json:1: 'max-names' must be a whole number from 1 to 10000000, not an object")]
    [InlineData(
        "{ \"admin\": false }",
        "x.json:1: 'admin' must be ADDRESS:PORT, such as 127.0.0.1:8125, [::1]:8125 or localhost:8125, up to 20 with commas between "
            + "them, or 'off', not false")]
    [InlineData("{ \"delete-sets\": true }", "x.json:1: 'delete-sets' must be 'on' or 'off', not true")]
    [InlineData(
        "{ \"flush-interval\": 10000 }",
        "x.json:1: 'flush-interval' must be a time from 10ms to 24h with its unit, such as 500ms, 1.5s or 2m, or 'off', not 10000")]
    [InlineData("[]", "x.json:1: the file must hold one JSON object, such as { \"graphite\": \"off\" }")]
    public void What_cannot_be_used_is_refused_with_file_and_line(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigurationException>(() => Apply(json)).Message);

    [Theory]
    [InlineData("", 1)]
    [InlineData("{\n\"max-names\": 5", 2)]
    [InlineData("{\n\n\"max-names\" 5 }", 3)]
    [InlineData("{}\n{}", 2)]
    [InlineData("not json", 1)]
    public void What_is_not_JSON_is_refused_with_file_and_line(string json, int line)
    {
        string message = Assert.Throws<ConfigurationException>(() => Apply(json)).Message;

        Assert.StartsWith($"x.json:{line}: this is not JSON: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("BytePosition", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"unix-socket\":\n \"\xff\" }", 2)]
    [InlineData("{ \"unix-socket\": \"\\ud800\" }", 1)]
    [InlineData("{ \"\xff\": 1 }", 1)]
    public void Text_that_is_not_Unicode_is_refused_with_file_and_line(string json, int line)
    {
        ConfigurationException exception = Assert.Throws<ConfigurationException>(
            () => ConfigurationFile.Apply(json.Bytes(), "x.json", GatewayOptions.Defaults));

        Assert.Equal($"x.json:{line}: this text is not valid Unicode", exception.Message);
    }

    private static GatewayOptions Apply(string json) => ConfigurationFile.Apply(json.Utf8(), "x.json", GatewayOptions.Defaults);
}
