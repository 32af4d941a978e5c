using System.Xml.Linq;

namespace Compare.Tests;

/// <summary>The comparison's output is well-formed and complete. Speed is not checked.</summary>
public class ComparisonTests
{
    private const string Nothing = "–";

    [Fact]
    public void Without_a_compiler_Vigil_and_NET_are_compared_with_a_dash_where_there_is_no_counterpart()
    {
        using var comparison = new Comparison();
        (int exitCode, string output, string errors) = comparison.Run(canCompile: false, "--quick", "--filter", "ping-pong");

        Assert.Equal("", Failures(errors));
        Assert.Equal(0, exitCode);
        const string Plain = "ping-pong, a round trip";
        const string Spinning = "ping-pong, spin 50 µs, a round trip";
        var table = MarkdownTable.Of(output, "Posts");
        Assert.Equal(["Vigil", "`Channel`", "`BlockingCollection`", "`ThreadPool`"], table.Columns);
        Assert.Equal([Plain, Spinning], table.Rows);
        Assert.All(table.Columns.Skip(1), column => Assert.Contains("×", table[Plain, column], StringComparison.Ordinal));
        Assert.All(table.Columns.Skip(1), column => Assert.Equal(Nothing, table[Spinning, column]));
        Assert.NotEqual(Nothing, table[Spinning, "Vigil"]);
        Assert.Contains("- left out: libuv: there is no C compiler (cc).", output, StringComparison.Ordinal);
        Assert.Contains("A quick run", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_case_that_nobody_could_be_measured_in_has_its_row_too()
    {
        // Without a compiler there is no load generator, which is in C.
        using var comparison = new Comparison();
        (int exitCode, string output, _) = comparison.Run(canCompile: false, "--quick", "--filter", "TCP echo");

        Assert.Equal(0, exitCode);
        var table = MarkdownTable.Of(output, "TCP echo");
        Assert.Empty(table.Columns);
        Assert.Contains("20 connections, 64 B, closed loop: requests a second", table.Rows);
        Assert.Contains("20 connections, 16 KiB, 16 deep: server CPU a request", table.Rows);
    }

    [Fact]
    public void The_report_goes_between_its_markers_and_the_plots_beside_it_as_XML()
    {
        using var comparison = new Comparison();
        File.WriteAllText(comparison.ReportFile, "before\n<!-- compare:begin -->\nold\n<!-- compare:end -->\nafter\n");
        (int exitCode, string output, string errors) = comparison.Run(
            canCompile: false, "--quick", "--filter", "firing, one due time", "--output", comparison.ReportFile, "--plots",
            comparison.PlotDirectory);

        Assert.Equal("", Failures(errors));
        Assert.Equal(0, exitCode);
        Assert.Equal(
            $"before\n<!-- compare:begin -->\n{output.TrimEnd('\n')}\n<!-- compare:end -->\nafter\n",
            File.ReadAllText(comparison.ReportFile));
        Assert.Contains("![Timers: ratios](plots/timers.svg)", output, StringComparison.Ordinal);

        XElement plot = XDocument.Load(Path.Combine(comparison.PlotDirectory, "timers.svg")).Root!;
        Assert.Equal("svg", plot.Name.LocalName);
        Assert.Contains(plot.Elements(), element => element.Name.LocalName == "text" && element.Value == "Timer");
        Assert.Contains(plot.Elements(), element => element.Name.LocalName == "rect" && element.Attribute("fill")!.Value == "#ffffff");
    }

    [Fact]
    public void With_a_compiler_the_limit_in_C_is_the_reference_and_the_rest_is_there_or_said_to_be_missing()
    {
        Assert.SkipUnless(Comparison.HasCompiler, "There is no C compiler (cc).");
        using var comparison = new Comparison();
        (int exitCode, string output, string errors) = comparison.Run(canCompile: true, "--quick", "--filter", "Dispatch: 1 ready");

        Assert.Equal("", Failures(errors));
        Assert.Equal(0, exitCode);
        var table = MarkdownTable.Of(output, "Dispatch");
        Assert.Equal(["raw C", "Vigil"], table.Columns.Take(2));
        Assert.DoesNotContain("×", table["1 ready, an event", "raw C"], StringComparison.Ordinal);
        Assert.Contains("×", table["1 ready, an event", "Vigil"], StringComparison.Ordinal);
        Assert.All(
            ["libuv", "libevent", "libev", "sd-event"],
            peer => Assert.True(table.Columns.Contains(peer) != output.Contains($"- left out: {peer}: ", StringComparison.Ordinal), peer));
    }

    [Fact]
    public void A_library_that_is_not_installed_is_left_out_with_the_package_to_install()
    {
        Assert.SkipUnless(Comparison.HasCompiler, "There is no C compiler (cc).");
        using var comparison = new Comparison();
        comparison.Hide("uv.h");
        (int exitCode, string output, string errors) = comparison.Run(canCompile: true, "--quick", "--filter", "Dispatch: 1 ready");

        Assert.Equal("", Failures(errors));
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("libuv", MarkdownTable.Of(output, "Dispatch").Columns);
        Assert.Contains("\n- left out: libuv: uv.h is not there (Debian's package libuv1-dev).\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_quick_run_has_every_case_and_a_figure_or_a_dash_for_everybody()
    {
        using var comparison = new Comparison();
        (int exitCode, string output, string errors) = comparison.Run(Comparison.HasCompiler, "--quick");

        Assert.Equal("", Failures(errors));
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("Not measured", output, StringComparison.Ordinal);
        Dictionary<string, string> firstRows = new(StringComparer.Ordinal)
        {
            ["Dispatch"] = "1 ready, an event",
            ["Socket-pair ring"] = "100 pairs, 1 active, a write",
            ["Posts"] = "1 thread posts, a post",
            ["Timers"] = "start and cancel, 1,000 in turn, 1,000 outstanding",
            ["TCP echo"] = "20 connections, 64 B, closed loop: requests a second",
            ["StatsD over UDP"] = "20,000 packets a second: sent a second",
            ["Workers"] = "items that only count, 1 sender, each",
            ["Memory"] = "a registered fd, of 1,000",
            ["Life"] = "a loop created and disposed",
            ["Files"] = "200 files created and deleted while they are watched: events a second",
        };
        Assert.Equal(
            firstRows.Keys,
            output.Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..]));
        foreach ((string group, string firstRow) in firstRows)
        {
            var table = MarkdownTable.Of(output, group);
            Assert.Equal(firstRow, table.Rows.First());

            // The load generator of servers is in C.
            Assert.Equal(Comparison.HasCompiler || group is not ("TCP echo" or "StatsD over UDP"), table.Columns.Contains("Vigil"));
            foreach ((string row, string column) in table.Rows.SelectMany(row => table.Columns.Select(column => (row, column))))
            {
                Assert.Matches(
                    @"^(–|[\d.,]+( (ns|µs|ms|B)|/s)?(<br>[\d.,]+–[\d.,]+)?(<br>\*\*[\d.]+×\*\*( [\d.]+–[\d.]+)?)?)$",
                    table[row, column]);
                Assert.False(column == "Vigil" && table[row, column] == Nothing, row);
            }
        }

        // The note is in place of the figures, and nowhere else.
        const string LeftOut = "\n- left out: npm `statsd`: no directory was given (--statsd).\n";
        string[] parts = output.Split(LeftOut);
        Assert.Equal(2, parts.Length);
        Assert.EndsWith(
            "### StatsD over UDP",
            parts[0].Split('\n').Last(line => line.StartsWith("### ", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_of_some_groups_leaves_the_tables_of_the_others_as_they_are()
    {
        const string Kept = "### Dispatch\n\nMeasured long ago.\n\n| case | Vigil |\n| --- | --: |\n| 1 ready, an event | 500 ns |";
        const string Replaced = "### Files\n\n| case | Vigil |\n| --- | --: |\n| old | 1 |";
        const string Gone = "### Of another version\n\nold";
        using var comparison = new Comparison();
        File.WriteAllText(
            comparison.ReportFile,
            $"<!-- compare:begin -->\n- machine: old\n\n{Gone}\n\n{Replaced}\n\n{Kept}\n<!-- compare:end -->\n");
        (int exitCode, string output, string errors) = comparison.Run(
            canCompile: false, "--quick", "--groups", "files,life", "--output", comparison.ReportFile, "--plots", comparison.PlotDirectory);

        Assert.Equal("", Failures(errors));
        Assert.Equal(0, exitCode);
        int firstGroup = output.IndexOf("### Life", StringComparison.Ordinal);
        string head = output[..firstGroup];
        string measured = output[firstGroup..].TrimEnd('\n');
        Assert.DoesNotContain("### ", head, StringComparison.Ordinal);
        Assert.Equal(["### Life", "### Files"], measured.Split('\n').Where(line => line.StartsWith('#')));
        string[] runs = [.. measured.Split('\n').Where(line => line.StartsWith("Measured 2", StringComparison.Ordinal))];
        Assert.Equal(2, runs.Length);
        Assert.All(runs, run => Assert.Contains(" --groups life,files ", run, StringComparison.Ordinal));
        Assert.All(runs, run => Assert.Matches(@"the host kept \d+ % of the processor time", run));
        Assert.Equal(
            $"<!-- compare:begin -->\n{head}{Kept}\n\n{measured}\n<!-- compare:end -->\n",
            File.ReadAllText(comparison.ReportFile));
    }

    [Fact]
    public void A_group_that_is_not_there_is_refused_with_the_names_of_those_that_are()
    {
        using var comparison = new Comparison();
        (int exitCode, string output, string errors) = comparison.Run(canCompile: false, "--quick", "--groups", "Posts,echo");

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith(
            "--groups: there is no 'echo', only dispatch, socket-pair-ring, posts, timers, tcp-echo, statsd-over-udp, workers, memory, "
                + "life, files.", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--fast")]
    [InlineData("--filter")]
    [InlineData("--groups")]
    public void What_is_not_understood_is_said_with_the_usage(string argument)
    {
        using var comparison = new Comparison();
        (int exitCode, string output, string errors) = comparison.Run(canCompile: false, "--quick", argument);

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith($"{argument}: not understood, or without its value.", errors, StringComparison.Ordinal);
        Assert.Contains("usage: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_the_markers_is_refused_before_anything_is_measured()
    {
        using var comparison = new Comparison();
        File.WriteAllText(comparison.ReportFile, "nothing of ours\n");
        (int exitCode, _, string errors) = comparison.Run(canCompile: false, "--quick", "--output", comparison.ReportFile);

        Assert.Equal(1, exitCode);
        Assert.Contains("<!-- compare:begin -->", errors, StringComparison.Ordinal);
        Assert.Equal("nothing of ours\n", File.ReadAllText(comparison.ReportFile));
    }

    // Progress goes to standard error, too; its lines end with an ellipsis.
    private static string Failures(string errors) =>
        string.Join('\n', errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.EndsWith('…')));
}
