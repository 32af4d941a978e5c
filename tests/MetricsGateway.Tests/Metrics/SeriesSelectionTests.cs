using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SeriesSelectionTests
{
    [Theory]
    [InlineData("a", "a a;t=1", "b ab a.b b;a=1")]
    [InlineData("a;t=1", "a;t=1", "a a;t=2 a;t=1;u=2")]
    [InlineData("a.*", "a.b a.b;t=1", "a ab")]
    [InlineData("*", "a b;c=d", "")]
    [InlineData("b a", "a b", "c")]
    [InlineData("ab* a*", "a ab abc", "b")]
    [InlineData("a*c", "a*c", "abc a*cd")]
    [InlineData("", "", "a")]
    public void It_selects_by_name_by_tags_and_by_prefix(string words, string selected, string others)
    {
        SeriesSelection selection = new(words.Utf8());

        Assert.All(selected.Split(' ', StringSplitOptions.RemoveEmptyEntries), key => Assert.True(selection.Selects(key.Utf8()), key));
        Assert.All(others.Split(' ', StringSplitOptions.RemoveEmptyEntries), key => Assert.False(selection.Selects(key.Utf8()), key));
    }

    [Theory]
    [InlineData("web.hits", "web.hits", true)]
    [InlineData("web.hits", "web.hits;host=a", true)]
    [InlineData("web.hits", "web.hits2", false)]
    [InlineData("web.hits", "web.hit", false)]
    [InlineData("web.hits;host=a", "web.hits;host=a", true)]
    [InlineData("web.hits;host=a", "web.hits", false)]
    [InlineData("web.hits;host=a", "web.hits;host=a;port=1", false)]
    [InlineData("web.*", "web.hits", true)]
    [InlineData("web.*", "web.hits.more;host=a", true)]
    [InlineData("web.*", "web", false)]
    [InlineData("web.*", "website", false)]
    [InlineData("web*", "website", true)]
    [InlineData("*", "anything", true)]
    [InlineData("odd*", "odd*", true)]
    [InlineData("a*b", "axb", false)]
    public void A_word_selects_a_name_with_its_tags_or_a_beginning(string word, string key, bool isSelected) =>
        Assert.Equal(isSelected, new SeriesSelection(word.Utf8()).Selects(key.Utf8()));

    [Fact]
    public void It_knows_what_has_selected_nothing_and_each_word_once()
    {
        SeriesSelection selection = new("a x.*  b a\tx.* c"u8);

        Assert.True(selection.Selects("b"u8));
        Assert.Equal(["a", "x.*", "c"], selection.Unfound.Select(word => word.AsSpan().Text()));
        Assert.False(selection.IsEmpty);
        Assert.True(new SeriesSelection(" \t"u8).IsEmpty);
    }

    [Fact]
    [Trait("Duration", "Scaled")]
    public void It_selects_what_each_word_alone_would_select()
    {
        Random random = new(Scale.Seed(2003));
        string Text(string alphabet, int longest) =>
            string.Concat(Enumerable.Range(0, random.Next(1, longest)).Select(_ => alphabet[random.Next(alphabet.Length)]));
        for (int round = 0; round < Scale.Times(2_000); round++)
        {
            string[] words = [.. Enumerable.Range(0, random.Next(8)).Select(_ => Text("ab;", 4) + (random.Next(2) == 0 ? "*" : ""))];
            SeriesSelection selection = new(string.Join(' ', words).Utf8());
            string key = Text("ab;", 6);

            bool expected = words.Any(word => word.EndsWith('*')
                ? key.StartsWith(word[..^1], StringComparison.Ordinal)
                : string.Equals(key, word, StringComparison.Ordinal) || string.Equals(key.Split(';')[0], word, StringComparison.Ordinal));
            Assert.Equal(expected, selection.Selects(key.Utf8()));
        }
    }
}
