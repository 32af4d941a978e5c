using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SeriesKeyBuilderTests
{
    private readonly SeriesKeyBuilder _keys = new();

    [Theory]
    [InlineData("", "name")]
    [InlineData("a", "name;a=true")]
    [InlineData("a:", "name;a=true")]
    [InlineData("a:true", "name;a=true")]
    [InlineData("a:1", "name;a=1")]
    [InlineData("a=1", "name;a=1")]
    [InlineData("a:1:2", "name;a=1:2")]
    [InlineData("a=1:2", "name;a=1:2")]
    [InlineData("b:1,a:2", "name;a=2;b=1")]
    [InlineData("b,a,c,a,b", "name;a=true;b=true;c=true")]
    [InlineData(",,a,", "name;a=true")]
    [InlineData(",", "name")]
    [InlineData("a:x;y", "name;a=x_y")]
    [InlineData("a;b:x", "name;a_b=x")]
    [InlineData("é:ü", "name;é=ü")]
    [InlineData("a  b:c \t d", "name;a_b=c_d")]
    [InlineData("d\u00a0e:f\u3000g", "name;d_e=f_g")]
    [InlineData("a!b^c:!^~", "name;a_b_c=!^~")]
    [InlineData("~a:~b", "name;~a=_b")]
    [InlineData("a:{b=\"c\"}", "name;a=_b=\"c\"_")]
    public void Tags_of_DogStatsD_are_normalised(string tags, string expected) =>
        Assert.Equal(expected, _keys.Build("name"u8, tags.Utf8(), TagSyntax.DogStatsD).Text());

    [Theory]
    [InlineData("a:2,a:1", "name;a=1")]
    [InlineData("a:1,b:1,a:2,b:2,a:3", "name;a=3;b=2")]
    [InlineData("a:1,a", "name;a=true")]
    public void Of_tags_with_the_same_name_the_last_counts_as_for_Graphite(string tags, string expected) =>
        Assert.Equal(expected, _keys.Build("name"u8, tags.Utf8(), TagSyntax.DogStatsD).Text());

    [Fact]
    public void A_tag_that_is_called_name_does_not_take_the_place_of_Graphites_own() =>
        Assert.Equal("hits;_name=x;names=y", _keys.Build("hits"u8, "name:x,names:y"u8, TagSyntax.DogStatsD).Text());

    [Fact]
    public void A_tag_without_a_name_is_left_out_and_counted()
    {
        Assert.Equal("hits;a=b", _keys.Build("hits"u8, ":v,a:b,:"u8, TagSyntax.DogStatsD).Text());
        Assert.Equal(2, _keys.TakeDroppedTags());
        Assert.Equal(0, _keys.TakeDroppedTags());
    }

    [Theory]
    [InlineData("a=1", "name;a=1")]
    [InlineData("b=1;a=2", "name;a=2;b=1")]
    [InlineData("a=x=y", "name;a=x=y")]
    [InlineData("a=x,y:z", "name;a=x,y:z")]
    public void Tags_of_Graphite_are_normalised(string tags, string expected) =>
        Assert.Equal(expected, _keys.Build("name"u8, tags.Utf8(), TagSyntax.Graphite).Text());

    [Theory]
    [InlineData("api/users", "api-users")]
    [InlineData("a b/c", "a_b-c")]
    [InlineData("a  b \t c", "a_b_c")]
    [InlineData("a=b", "a=b")]
    [InlineData("a(b)*?[x]{y}$!", "abxy")]
    [InlineData("ключ.é", "ключ.é")]
    [InlineData("A-Z_09.x", "A-Z_09.x")]
    [InlineData("a\u00a0b\u2028c\u3000d\u0085e", "a_b_c_d_e")]
    [InlineData("a..b", "a.b")]
    [InlineData(".a.(.).b..", "a.b")]
    [InlineData("!!!", "")]
    [InlineData("..", "")]
    [InlineData(";a=b", "")]
    public void Names_are_cleaned(string name, string expected)
    {
        Assert.Equal(expected, _keys.Build(name.Utf8(), default, TagSyntax.DogStatsD).Text());
        Assert.Equal(expected.Length == 0 ? "" : $"{expected};t=u", _keys.Build(name.Utf8(), "t:u"u8, TagSyntax.DogStatsD).Text());
    }

    [Theory]
    [InlineData("hits;b=1;a=2", "", "hits;a=2;b=1")]
    [InlineData("hits;b=1;a=2", "c:3,b:4", "hits;a=2;b=4;c=3")]
    [InlineData("hits;;b;=v;", "", "hits;b=true")]
    public void What_follows_a_semicolon_in_a_name_are_tags(string name, string tags, string expected) =>
        Assert.Equal(expected, _keys.Build(name.Utf8(), tags.Utf8(), TagSyntax.DogStatsD).Text());

    [Fact]
    [Trait("Duration", "Scaled")]
    public void A_key_is_clean_and_stays_as_it_is()
    {
        Random random = new(Scale.Seed(2003));
        string[] pieces = ["a", "b", ".", "..", "/", " ", "\t", "é", "\u00a0", "=", ":", ";", ",", "!", "~", "name", "^", "{", "}", "(",
            "1"];
        string Text() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
        for (int round = 0; round < Scale.Times(6_000); round++)
        {
            string key = _keys.Build(Text().Utf8(), Text().Utf8(), TagSyntax.DogStatsD).Text();

            Assert.Equal(key, _keys.Build(key.Utf8(), default, TagSyntax.DogStatsD).Text());
            string[] parts = key.Split(';');
            Assert.DoesNotContain("..", parts[0], StringComparison.Ordinal);
            Assert.DoesNotContain(" ", key, StringComparison.Ordinal);
            Assert.Equal(
                parts[1..].Select(part => part.Split('=')[0]).Distinct().Order(StringComparer.Ordinal),
                parts[1..].Select(part => part.Split('=')[0]));
            Assert.All(parts[1..], part => Assert.InRange(part.IndexOf('=', StringComparison.Ordinal), 1, part.Length - 2));
        }
    }

    [Fact]
    public void Any_number_of_tags_of_any_length_fits()
    {
        string[] tags = [.. Enumerable.Range(0, 500).Select(i => $"tag{i:000}:{new string('x', i + 1)}")];
        string expected = "name;" + string.Join(';', tags).Replace(':', '=');

        string key = _keys.Build("name"u8, string.Join(',', tags.Reverse()).Utf8(), TagSyntax.DogStatsD).Text();

        Assert.Equal(expected, key);
    }
}
