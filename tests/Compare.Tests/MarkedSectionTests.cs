using Vigil.Benchmarks.Reporting;

namespace Compare.Tests;

/// <summary>A run takes an hour, and people may edit the file meanwhile.</summary>
public sealed class MarkedSectionTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void What_people_write_around_the_section_while_the_run_lasts_stays()
    {
        File.WriteAllText(_file, "before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter\n");
        var section = MarkedSection.Open(_file, "x");
        File.WriteAllText(_file, "before, and more\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter, changed\n");

        section.Replace("new");

        Assert.Equal("before, and more\n<!-- x:begin -->\nnew\n<!-- x:end -->\nafter, changed\n", File.ReadAllText(_file));
    }

    [Fact]
    public void A_text_can_be_made_from_what_the_section_has_now()
    {
        File.WriteAllText(_file, "<!-- x:begin -->\n<!-- x:end -->\n");
        var section = MarkedSection.Open(_file, "x");

        section.Replace(now => $"{now}first");
        section.Replace(now => $"{now}, second");

        Assert.Equal("<!-- x:begin -->\nfirst, second\n<!-- x:end -->\n", File.ReadAllText(_file));
    }

    [Fact]
    public void A_file_that_has_lost_its_markers_is_left_as_it_is()
    {
        File.WriteAllText(_file, "<!-- x:begin -->\n<!-- x:end -->\n");
        var section = MarkedSection.Open(_file, "x");
        File.WriteAllText(_file, "<!-- x:begin -->\n");

        Assert.Contains(
            "<!-- x:end -->",
            Assert.Throws<InvalidOperationException>(() => section.Replace("new")).Message,
            StringComparison.Ordinal);
        Assert.Equal("<!-- x:begin -->\n", File.ReadAllText(_file));
    }
}
