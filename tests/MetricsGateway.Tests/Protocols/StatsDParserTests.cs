using System.Globalization;
using MetricsGateway.Protocols;

namespace MetricsGateway.Tests.Protocols;

public class StatsDParserTests
{
    [Theory]
    [InlineData("gorets:1|c", "gorets Counter 1 @1 #")]
    [InlineData("gorets:-2|c", "gorets Counter -2(signed) @1 #")]
    [InlineData("gorets:1|c|@0.1", "gorets Counter 1 @0.1 #")]
    [InlineData("gorets:1.5e3|c|@1", "gorets Counter 1500 @1 #")]
    [InlineData("gorets:.5|c|@1e-3", "gorets Counter 0.5 @0.001 #")]
    [InlineData("gaugor:333|g", "gaugor Gauge 333 @1 #")]
    [InlineData("gaugor:-10|g", "gaugor Gauge -10(signed) @1 #")]
    [InlineData("gaugor:+4|g", "gaugor Gauge 4(signed) @1 #")]
    [InlineData("glork:320|ms|@0.1", "glork Timer 320 @0.1 #")]
    [InlineData("glork:320|ms ", "glork Timer 320 @1 #")]
    [InlineData("song.length:240|h|@0.5", "song.length Histogram 240 @0.5 #")]
    [InlineData("temperature:-3.5|h", "temperature Histogram -3.5(signed) @1 #")]
    [InlineData("page.views:15|d", "page.views Distribution 15 @1 #")]
    [InlineData("a name/with strange-chars é:1|c", "a name/with strange-chars é Counter 1 @1 #")]
    public void A_line_of_the_classic_protocol_is_parsed(string line, string expected) => Assert.Equal(expected, Parse(line));

    [Theory]
    [InlineData("uniques:765|s", "765")]
    [InlineData("uniques:any text at all|s", "any text at all")]
    [InlineData("uniques:1:2:3|s", "1:2:3")]
    [InlineData("uniques:ключ|s|@0.5|#a:b", "ключ")]
    public void A_sets_value_is_any_text_and_never_packed(string line, string expected)
    {
        RejectionReason reason = new StatsDParser().Parse(line.Utf8(), out StatsDMetric metric);

        Assert.Equal(RejectionReason.None, reason);
        StatsDPart part = Assert.Single(metric.Parts.ToArray());
        Assert.Equal(MetricKind.Set, part.Kind);
        Assert.Equal(expected, metric.SetValueOf(part).Text());
        Assert.True(metric.Samples.IsEmpty);
    }

    [Theory]
    [InlineData("users.online:1|c|#country:china", "users.online Counter 1 @1 #country:china")]
    [InlineData("users.online:1|c|@0.5|#country:china,new", "users.online Counter 1 @0.5 #country:china,new")]
    [InlineData("users.online:1|c|#country:china|@0.5", "users.online Counter 1 @0.5 #country:china")]
    [InlineData("users.online:1|c|#", "users.online Counter 1 @1 #")]
    [InlineData("users.online:1|c|#a,,b,", "users.online Counter 1 @1 #a,,b,")]
    [InlineData("users.online:1|c|#url:http://x:80", "users.online Counter 1 @1 #url:http://x:80")]
    public void Tags_of_DogStatsD_are_taken(string line, string expected) => Assert.Equal(expected, Parse(line));

    [Theory]
    [InlineData("page.views:1:2:32|d", "page.views Distribution 1 2 32 @1 #")]
    [InlineData("song.length:240:234|h|@0.5|#a:b", "song.length Histogram 240 234 @0.5 #a:b")]
    [InlineData("gaugor:1:+2:-3|g", "gaugor Gauge 1 2(signed) -3(signed) @1 #")]
    [InlineData("page.views:21::22:|c", "page.views Counter 21 22 @1 #")]
    public void Packed_values_of_DogStatsD_1_1_are_taken(string line, string expected) => Assert.Equal(expected, Parse(line));

    [Theory]
    [InlineData("kamon.time:581632|ms:593920|ms:610304|ms", "kamon.time Timer 581632 @1 + Timer 593920 @1 + Timer 610304 @1 #")]
    [InlineData("kamon.box:5664|ms:6176|ms|@0.5:6304|ms", "kamon.box Timer 5664 @1 + Timer 6176 @0.5 + Timer 6304 @1 #")]
    [InlineData("a:1|c:2|c:1|c|@0.1", "a Counter 1 @1 + Counter 2 @1 + Counter 1 @0.1 #")]
    [InlineData("users:101|s:101|s:102|s", "users Set 101 @1 + Set 101 @1 + Set 102 @1 #")]
    [InlineData("cur:32|g:+10|g:-10|g", "cur Gauge 32 @1 + Gauge 10(signed) @1 + Gauge -10(signed) @1 #")]
    [InlineData("foo:1|c:200|ms", "foo Counter 1 @1 + Timer 200 @1 #")]
    [InlineData("t:1|c:2|c|#env:prod", "t Counter 1 @1 + Counter 2 @1 #env:prod")]
    [InlineData("t:1:2|c|@0.5:3|c|@0.1|#a:b:c|c:xyz", "t Counter 1 2 @0.5 + Counter 3 @0.1 #a:b:c")]
    [InlineData("a:1|c|c:abc", "a Counter 1 @1 #")]
    public void Values_with_a_type_each_are_taken_as_statsd_takes_them(string line, string expected) => Assert.Equal(expected, Parse(line));

    [Theory]
    [InlineData("gorets: 1 |c", "gorets Counter 1 @1 #")]
    [InlineData("gorets:1|\tc ", "gorets Counter 1 @1 #")]
    [InlineData("gaugor: -1|g", "gaugor Gauge -1 @1 #")]
    public void White_space_around_numbers_and_types_is_taken_as_statsd_takes_it(string line, string expected) =>
        Assert.Equal(expected, Parse(line));

    [Fact]
    public void Of_several_lists_of_tags_the_first_counts_as_for_statsd() =>
        Assert.Equal("a Counter 1 @1 #b:1", Parse("a:1|c|#b:1|#c:2"));

    [Fact]
    public void A_line_packs_as_many_values_as_fit()
    {
        string values = string.Join(':', Enumerable.Range(0, 1000));

        new StatsDParser().Parse($"page.views:{values}|d".Utf8(), out StatsDMetric metric);

        Assert.Equal(Enumerable.Range(0, 1000).Select(value => (double)value), metric.Samples.ToArray().Select(sample => sample.Value));
    }

    [Theory]
    [InlineData("page.views:1|g|#env:dev|c:83c0a99c0a54")]
    [InlineData("page.views:1|g|e:it-false,cn-nginx|#env:dev|card:low")]
    [InlineData("page.views:1|g|#env:dev|something new|")]
    public void Sections_of_newer_protocols_are_passed_over(string line) => Assert.Equal("page.views Gauge 1 @1 #env:dev", Parse(line));

    [Theory]
    [InlineData(":1|c", nameof(RejectionReason.EmptyName))]
    [InlineData("|c", nameof(RejectionReason.EmptyName))]
    [InlineData("||||", nameof(RejectionReason.EmptyName))]
    [InlineData("gorets", nameof(RejectionReason.MissingValue))]
    [InlineData("gorets|c", nameof(RejectionReason.MissingValue))]
    [InlineData("gorets:|c", nameof(RejectionReason.MissingValue))]
    [InlineData("gorets::::|c", nameof(RejectionReason.MissingValue))]
    [InlineData("gorets:|s", nameof(RejectionReason.MissingValue))]
    [InlineData("a|b:1|c", nameof(RejectionReason.MissingValue))]
    [InlineData("gorets:1", nameof(RejectionReason.MissingType))]
    [InlineData("gorets:1|", nameof(RejectionReason.MissingType))]
    [InlineData("gorets:1||@0.1", nameof(RejectionReason.MissingType))]
    [InlineData("gorets:1|x", nameof(RejectionReason.UnknownType))]
    [InlineData("gorets:1|C", nameof(RejectionReason.UnknownType))]
    [InlineData("gorets:1|mss", nameof(RejectionReason.UnknownType))]
    [InlineData("gorets:one|c", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:1,000|c", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:0x10|c", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:--1|g", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:+|g", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:NaN|g", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:nan|ms", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:Infinity|g", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:-Infinity|g", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:1e999|g", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:1:2:x|d", nameof(RejectionReason.InvalidValue))]
    [InlineData("glork:-1|ms", nameof(RejectionReason.InvalidValue))]
    [InlineData("gorets:1|c|@0", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|@1.1", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|@-0.5", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|@", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|@x", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|@NaN", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|@0.5|@0.5", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("gorets:1|c|0.1", nameof(RejectionReason.UnexpectedField))]
    [InlineData("gorets:1|c|-1", nameof(RejectionReason.UnexpectedField))]
    [InlineData("temp:1|g|T1656581400", nameof(RejectionReason.UnsupportedTimestamp))]
    [InlineData("temp:1|g|#env:dev|Tnonsense", nameof(RejectionReason.UnsupportedTimestamp))]
    [InlineData("temp:1|g|T", nameof(RejectionReason.UnsupportedTimestamp))]
    [InlineData("gorets: |c", nameof(RejectionReason.InvalidValue))]
    [InlineData("a:1|c:", nameof(RejectionReason.MissingValue))]
    [InlineData("a:1|c:x|c", nameof(RejectionReason.InvalidValue))]
    [InlineData("a:1|c:2", nameof(RejectionReason.MissingType))]
    [InlineData("a:1|c:2|x", nameof(RejectionReason.UnknownType))]
    [InlineData("a:1|c|@0.5:2|c|@7", nameof(RejectionReason.InvalidSampleRate))]
    [InlineData("a:1|:2|c", nameof(RejectionReason.MissingType))]
    [InlineData("_e{5,4}:title|text", nameof(RejectionReason.UnsupportedEvent))]
    [InlineData("_sc|Redis connection|2", nameof(RejectionReason.UnsupportedServiceCheck))]
    [InlineData("gor\0ets:1|c", nameof(RejectionReason.InvalidBytes))]
    [InlineData("gorets:1|c\r", nameof(RejectionReason.InvalidBytes))]
    [InlineData("gor\x7f" + "ets:1|c", nameof(RejectionReason.InvalidBytes))]
    [InlineData("gor\xff\xfe" + "ets:1|c", nameof(RejectionReason.InvalidBytes))]
    [InlineData("gor\xc3:1|c", nameof(RejectionReason.InvalidBytes))]
    public void An_invalid_line_is_rejected_with_its_reason(string line, string reason) =>
        Assert.Equal(reason, new StatsDParser().Parse(line.Bytes(), out _).ToString());

    [Fact]
    public void Names_that_only_begin_like_an_event_or_a_service_check_are_names()
    {
        Assert.Equal("_events Counter 1 @1 #", Parse("_events:1|c"));
        Assert.Equal("_scheduler Counter 1 @1 #", Parse("_scheduler:1|c"));
    }

    private static string Parse(string line)
    {
        RejectionReason reason = new StatsDParser().Parse(line.Utf8(), out StatsDMetric metric);
        Assert.Equal(RejectionReason.None, reason);
        Sample[] samples = metric.Samples.ToArray();
        string Values(StatsDPart part) => part.Kind == MetricKind.Set
            ? line.Utf8().AsSpan(part.First, part.Count).Text()
            : string.Join(' ', samples.Skip(part.First).Take(part.Count).Select(sample =>
                sample.Value.ToString(CultureInfo.InvariantCulture) + (sample.IsSigned ? "(signed)" : string.Empty)));
        IEnumerable<string> parts = metric.Parts.ToArray().Select(
            part => $"{part.Kind} {Values(part)} @{part.SampleRate.ToString(CultureInfo.InvariantCulture)}");
        return $"{metric.Name.Text()} {string.Join(" + ", parts)} #{metric.Tags.Text()}";
    }
}
