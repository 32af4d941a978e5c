using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

public class GraphiteParserTests
{
    [Theory]
    [InlineData("local.random.diceroll 4 1700000000", "local.random.diceroll", 4.0, "")]
    [InlineData("local.random.diceroll -4.25e2 1700000000.5", "local.random.diceroll", -425.0, "")]
    [InlineData("local.random.diceroll 4 -1", "local.random.diceroll", 4.0, "")]
    [InlineData("local.random.diceroll 4 N", "local.random.diceroll", 4.0, "")]
    [InlineData("local.random.diceroll 4 0", "local.random.diceroll", 4.0, "")]
    [InlineData("  local.random.diceroll\t4   1700000000  ", "local.random.diceroll", 4.0, "")]
    [InlineData("my.series;tag1=value1;tag2=value2 4 -1", "my.series", 4.0, "tag1=value1;tag2=value2")]
    [InlineData("my.series;url=http://x/?a=b 4 -1", "my.series", 4.0, "url=http://x/?a=b")]
    public void A_valid_line_is_parsed(string line, string path, double value, string tags)
    {
        RejectionReason reason = GraphiteParser.Parse(line.Utf8(), out GraphiteMetric metric);

        Assert.Equal(RejectionReason.None, reason);
        Assert.Equal(path, metric.Path.Text());
        Assert.Equal(value, metric.Value);
        Assert.Equal(tags, metric.Tags.Text());
    }

    [Theory]
    [InlineData("   ", nameof(RejectionReason.EmptyName))]
    [InlineData(";a=b 1 -1", nameof(RejectionReason.EmptyName))]
    [InlineData("path", nameof(RejectionReason.MissingValue))]
    [InlineData("path ", nameof(RejectionReason.MissingValue))]
    [InlineData("path x -1", nameof(RejectionReason.InvalidValue))]
    [InlineData("path NaN -1", nameof(RejectionReason.InvalidValue))]
    [InlineData("path Infinity -1", nameof(RejectionReason.InvalidValue))]
    [InlineData("path 1", nameof(RejectionReason.MissingTimestamp))]
    [InlineData("path 1 ", nameof(RejectionReason.MissingTimestamp))]
    [InlineData("path 1 -2", nameof(RejectionReason.InvalidTimestamp))]
    [InlineData("path 1 n", nameof(RejectionReason.InvalidTimestamp))]
    [InlineData("path 1 2024-01-01", nameof(RejectionReason.InvalidTimestamp))]
    [InlineData("path 1 NaN", nameof(RejectionReason.InvalidTimestamp))]
    [InlineData("path 1 1700000000 more", nameof(RejectionReason.UnexpectedField))]
    [InlineData("path; 1 -1", nameof(RejectionReason.InvalidTag))]
    [InlineData("path;tag 1 -1", nameof(RejectionReason.InvalidTag))]
    [InlineData("path;=v 1 -1", nameof(RejectionReason.InvalidTag))]
    [InlineData("path;tag= 1 -1", nameof(RejectionReason.InvalidTag))]
    [InlineData("path;a=b; 1 -1", nameof(RejectionReason.InvalidTag))]
    [InlineData("pa\0th 1 -1", nameof(RejectionReason.InvalidBytes))]
    [InlineData("pa\xffth 1 -1", nameof(RejectionReason.InvalidBytes))]
    public void An_invalid_line_is_rejected_with_its_reason(string line, string reason) =>
        Assert.Equal(reason, GraphiteParser.Parse(line.Bytes(), out _).ToString());
}
