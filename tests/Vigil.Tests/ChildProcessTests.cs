namespace Vigil.Tests;

/// <summary>Tests that need limits, signals or inherited descriptors of their own run in a process of their own.</summary>
public sealed class ChildProcessTests
{
    [Theory]
    [InlineData("no-descriptors-left")]
    [InlineData("timers-without-descriptors")]
    [InlineData("signals-while-waiting")]
    [InlineData("nothing-is-inherited")]
    [InlineData("file-permissions")]
    [InlineData("signals-on-the-runtimes-path")]
    [InlineData("signals-by-signalfd")]
    [InlineData("signals-asynchronous")]
    [InlineData("signals-asynchronous", "worker")]
    [InlineData("signals-too-many-for-a-loop")]
    [InlineData("signals-too-many-for-a-callback")]
    [InlineData("signals-refused-by-workers")]
    [InlineData("signals-faults")]
    [InlineData("signals-default-action")]
    [InlineData("signals-refused")]
    [InlineData("signals-ignored")]
    [InlineData("signals-blocked-in-part")]
    [InlineData("signals-while-threads-start")]
    [InlineData("signals-while-one-thread-starts")]
    [InlineData("signals-beside-io-uring")]
    [InlineData("signals-signalfd-fails")]
    [InlineData("signals-child-blocked")]
    [InlineData("signals-beside-process")]
    [InlineData("signals-restart", "a b", "", "ü")]
    [InlineData("signals-inherited")]
    [InlineData("signals-started-unblocked")]
    [InlineData("signals-started-by-threads", Traits = ["Duration", "Scaled"])]
    [InlineData("signals-started-in-a-row", Traits = ["Duration", "Scaled"])]
    [InlineData("signals-started-and-unblocked")]
    [InlineData("signals-started-where-one-blocks")]
    [InlineData("signals-started-with-pending")]
    [InlineData("signals-started-with-kept")]
    [InlineData("signals-restart-twice")]
    [InlineData("signals-without-descriptors")]
    [InlineData("signals-restart-without-temporary-files")]
    [InlineData("children-killed-among-signals")]
    [InlineData("children-of-two-managers", Traits = ["Duration", "Scaled"])]
    [InlineData("children-of-two-managers", "old", Traits = ["Duration", "Scaled"])]
    [InlineData("children-before-linux-6.15", Traits = ["Duration", "Scaled"])]
    [InlineData("children-before-linux-6.15", "busy", Traits = ["Duration", "Scaled"])]
    [InlineData("children-whose-wait-fails")]
    [InlineData("children-whose-wait-fails", "mended")]
    [InlineData("children-reaped-by-foreign-code", Traits = ["Duration", "Scaled"])]
    [InlineData("children-traced")]
    [InlineData("children-with-another-exit-signal")]
    [InlineData("children-not-killed")]
    [InlineData("terminal-unplugged")]
    [InlineData("signalfd-unreadable")]
    [InlineData("signalfd-replaced")]
    [InlineData("signalfd-replaced", "same")]
    [InlineData("signalfd-of-a-poller-that-throws")]
    [InlineData("signalfd-of-a-poller-that-throws", "cancelled")]
    [InlineData("throwing-when-told-of-instruments")]
    [InlineData("workers-end-without-runtime-threads")]
    [InlineData("workers-interrupted", Traits = ["Duration", "Scaled"])]
    [InlineData("interrupted-at-first")]
    [InlineData("workers-sent-while-made")]
    [InlineData("workers-used-while-instruments-are-made")]
    [InlineData("used-while-the-event-source-is-made")]
    [InlineData("workers-made-foreground")]
    [InlineData("watchdog-idle")]
    [InlineData("watchdog-signals")]
    [InlineData("watchdog-stopped")]
    public void In_a_process_of_its_own(string scenario, params string[] arguments)
    {
        (int exitCode, string error) = Run(scenario, arguments);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {error}");
    }

    [Fact]
    public void A_fault_that_nobody_hears_is_written_to_standard_error()
    {
        (int exitCode, string error) = Run("unheard-fault");
        Assert.Equal("unheard: PostedWork: InvalidOperationException: nobody listens", error.Trim());
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public void What_a_handler_of_faults_throws_when_there_is_no_loop_any_more_is_written_to_standard_error()
    {
        (int exitCode, string error) = Run("throwing-fault-handler");
        Assert.StartsWith("ended: System.InvalidOperationException: bad handler", error, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public void What_a_listener_of_the_meter_throws_a_hundred_times_is_a_line_or_two_on_standard_error()
    {
        (int exitCode, string error) = Run("throwing-listener");
        Assert.StartsWith("A listener of vigil.", error, StringComparison.Ordinal);
        Assert.Contains(
            "threw, as listeners have 0 times since the last such line: System.InvalidOperationException: bad listener",
            error,
            StringComparison.Ordinal);

        // One line per second: on a busy machine a hundred ticks may take some seconds.
        Assert.InRange(error.Split("A listener of").Length - 1, 1, 30);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public void A_hanging_callback_ends_the_program_under_FailFast_with_one_report_and_a_crash()
    {
        const int CodeOfSigAbrt = 128 + 6;
        (int exitCode, string error) = Run("watchdog-fail-fast");
        Assert.Matches(
            @"^grid: a timer \(.+\) has been running for [\d.]+ ms \(budget 50 ms\) in phase Timers, for the first time\. "
                + @"SlowCallbackPolicy\.FailFast: the program is aborted\.\n$",
            error);
        Assert.Contains("FailFast", error, StringComparison.Ordinal);
        Assert.Equal(CodeOfSigAbrt, exitCode);
    }

    [Fact]
    public void Slow_callbacks_of_which_nobody_hears_and_handlers_that_throw_are_written_to_standard_error()
    {
        (int exitCode, string error) = Run("watchdog-unheard");
        Assert.Contains("unheard: a timer (", error, StringComparison.Ordinal);
        Assert.Contains("threw: System.InvalidOperationException: bad handler", error, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    /// <summary>A standard error that is full, and one that is not open for writing. The scenarios fail if writing to it ends
    /// anything.</summary>
    [Theory]
    [InlineData("unheard-fault", "2>/dev/full")]
    [InlineData("unheard-fault", "2</dev/null")]
    [InlineData("throwing-fault-handler", "2>/dev/full")]
    [InlineData("throwing-fault-handler", "2</dev/null")]
    [InlineData("throwing-listener", "2>/dev/full")]
    [InlineData("watchdog-unheard", "2>/dev/full")]
    [InlineData("watchdog-unheard", "2</dev/null")]
    public void What_cannot_be_written_to_standard_error_ends_nothing(string scenario, string redirection)
    {
        (int exitCode, _) = ExternalProgram.Run("sh", ["-c", $"exec \"$@\" {redirection}", "sh", Host, Program, scenario]);
        Assert.Equal(0, exitCode);
    }

    private static string Host =>
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";

    private static string Program => Path.Combine(AppContext.BaseDirectory, "Vigil.TestChild.dll");

    private static (int ExitCode, string Error) Run(string scenario, params string[] arguments) =>
        ExternalProgram.Run(Host, [Program, scenario, .. arguments]);
}
