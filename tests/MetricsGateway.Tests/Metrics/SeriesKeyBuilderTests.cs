using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SeriesKeyBuilderTests
{
    private readonly SeriesKeyBuilder _keys = new();

    [Theory]
    [InlineData("", "name")]
    [InlineData("a", "name;a")]
    [InlineData("a:1", "name;a=1")]
    [InlineData("a:1:2", "name;a=1:2")]
    [InlineData("b:1,a:2", "name;a=2;b=1")]
    [InlineData("b,a,c,a,b", "name;a;b;c")]
    [InlineData("a:2,a:1", "name;a=1;a=2")]
    [InlineData(",,a,", "name;a")]
    [InlineData(",", "name")]
    [InlineData("a:x;y", "name;a=x_y")]
    [InlineData("é:ü", "name;é=ü")]
    public void Tags_of_DogStatsD_are_normalised(string tags, string expected) =>
        Assert.Equal(expected, _keys.Build("name"u8, tags.Utf8(), TagSyntax.DogStatsD).Text());

    [Theory]
    [InlineData("a=1", "name;a=1")]
    [InlineData("b=1;a=2", "name;a=2;b=1")]
    [InlineData("a=x=y", "name;a=x=y")]
    [InlineData("a=x,y:z", "name;a=x,y:z")]
    public void Tags_of_Graphite_are_normalised(string tags, string expected) =>
        Assert.Equal(expected, _keys.Build("name"u8, tags.Utf8(), TagSyntax.Graphite).Text());

    [Fact]
    public void Any_number_of_tags_of_any_length_fits()
    {
        string[] tags = [.. Enumerable.Range(0, 500).Select(i => $"tag{i:000}:{new string('x', i)}")];
        string expected = "name;" + string.Join(';', tags).Replace(':', '=');

        string key = _keys.Build("name"u8, string.Join(',', tags.Reverse()).Utf8(), TagSyntax.DogStatsD).Text();

        Assert.Equal(expected, key);
    }
}
