using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class Utf8ComparerTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("name", "name", true)]
    [InlineData("name", "Name", false)]
    [InlineData("name", "names", false)]
    [InlineData("name", "nam\u00e9", false)]
    public void Arrays_and_spans_are_equal_by_content(string left, string right, bool areEqual)
    {
        Assert.Equal(areEqual, Utf8Comparer.Instance.Equals(left.Utf8(), right.Utf8()));
        Assert.Equal(areEqual, Utf8Comparer.Instance.Equals(left.Utf8().AsSpan(), right.Utf8()));
    }

    [Fact]
    public void An_array_and_a_span_of_the_same_content_have_the_same_hash_code() =>
        Assert.Equal(Utf8Comparer.Instance.GetHashCode("name".Utf8()), Utf8Comparer.Instance.GetHashCode("name"u8));
}
