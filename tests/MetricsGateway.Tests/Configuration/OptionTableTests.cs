using System.Reflection;
using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Configuration;

public class OptionTableTests
{
    [Fact]
    public void Every_option_shows_its_default_as_it_is_written() =>
        Assert.All(OptionTable.All, option => Assert.Equal(option.Text.Default, option.Format(GatewayOptions.Defaults)));

    [Fact]
    public void Every_option_reads_back_what_it_shows()
    {
        GatewayOptions options = CommandLine.Parse(
        [
            "--graphite=[::1]:9", "--unix-socket=/x", "--max-names=3", "--admin=off",
            "--flush-interval=90s", "--percentiles=-12.50,1", "--delete-gauges=on", "--flush-console=off",
        ]).Options;
        GatewayOptions copy = GatewayOptions.Defaults;

        Assert.All(OptionTable.All, option => Assert.True(option.TryApply(option.Format(options), ref copy)));
        Assert.Equal(options, copy);
    }

    [Fact]
    public void Every_property_has_its_option() =>
        Assert.Equal(
            typeof(GatewayOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length,
            OptionTable.All.Count);

    [Fact]
    public void Names_are_unique() =>
        Assert.Equal(OptionTable.All.Count, OptionTable.All.DistinctBy(option => option.Name, StringComparer.Ordinal).Count());

    [Fact]
    public void A_refused_value_leaves_the_options_as_they_are()
    {
        GatewayOptions options = GatewayOptions.Defaults;

        Assert.All(OptionTable.All, option => Assert.False(option.TryApply(string.Empty, ref options)));
        Assert.Same(GatewayOptions.Defaults, options);
    }

    [Fact]
    public void Help_explains_every_option_with_its_default_and_range()
    {
        string help = HelpText.Create();

        Assert.All(OptionTable.All, option =>
        {
            Assert.Contains($"  --{option.Name} {option.Text.Placeholder} ", help, StringComparison.Ordinal);
            Assert.Contains($"{option.Text.Help} [{option.Text.Default}", help, StringComparison.Ordinal);
        });
        Assert.Contains("[10000; 1..1000000]", help, StringComparison.Ordinal);
        Assert.Contains("[10s; 10ms..24h]", help, StringComparison.Ordinal);
        Assert.Contains("--config FILE", help, StringComparison.Ordinal);
        Assert.All(help.Split('\n'), line => Assert.InRange(line.Length, 0, 120));
    }
}
