using System.Text.RegularExpressions;

namespace Samples.Tests;

/// <summary>Each sample runs, prints its result, and exits with 0. (The gateway has tests of its own.)</summary>
public class SampleTests
{
    [Fact]
    public void The_painter_tells_three_descriptors_apart_by_their_data() => Assert.Equal(
        """
        green: 1
        blue: 2
        2 events
        red: 1
        1 events
        0 events: nothing is left

        """,
        OutputOf("Painter"));

    [Fact]
    public void A_subscriber_moves_to_the_loops_thread_and_back_through_the_endpoint() => Assert.Equal(
        """
        the subscriber moved in: True
        it counted 3 on the thread 'loop'
        the loop has stopped

        """,
        OutputOf("RemoteSubscriber"));

    [Fact]
    public void A_simulation_finds_a_bug_by_a_seed_repeats_it_by_that_seed_and_passes_with_the_fix()
    {
        string[] lines = OutputOf("Simulated").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Match found = Regex.Match(
            lines[0],
            "^The run with seed (?<seed>[0-9]+) has failed: the cache has [0-4], and the row is 5$",
            RegexOptions.NonBacktracking);
        Assert.True(found.Success, lines[0]);
        Assert.Contains(lines, line => line.StartsWith("It takes no fault to happen", StringComparison.Ordinal));
        Assert.Equal($"Seed {found.Groups["seed"].Value} again: {lines[0]}", lines[^2]);
        Assert.Equal("The fixed cache: 1000 seeds passed.", lines[^1]);
    }

    [Fact]
    public void A_worker_service_adds_on_its_loop_until_its_input_ends() =>
        Assert.Contains("total 7\n", OutputOf("WorkerService", input: "3\n4\nx\n"), StringComparison.Ordinal);

    [Fact]
    public void A_recorded_run_is_replayed_without_its_input_and_printed_by_the_tool()
    {
        string file = Path.Combine(Path.GetTempPath(), $"vigil-sample-{Guid.NewGuid():N}");
        try
        {
            string recorded = OutputOf("Recorded", ["record", file], input: "3\n4\nx\n");
            string replayed = OutputOf("Recorded", ["replay", file]);
            string text = OutputOf("Vigil.Tool", ["replay", file]);

            Assert.EndsWith("not an amount: x\ntotal 7\n", recorded, StringComparison.Ordinal);
            Assert.Equal(recorded, replayed);
            Assert.Contains("fd 0 is standard input", text, StringComparison.Ordinal);
            Assert.Contains("bytes read from fd 0: \"3\\n4\\nx\\n\"", text, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string OutputOf(string sample, string[]? arguments = null, string input = "")
    {
        (int exitCode, string output, string errors) = Sample.Run(sample, arguments ?? [], input: input);
        Assert.Equal("", errors);
        Assert.Equal(0, exitCode);
        return output;
    }
}
