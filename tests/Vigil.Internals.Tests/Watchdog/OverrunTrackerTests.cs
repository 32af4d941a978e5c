namespace Vigil.Internals.Tests.Watchdog;

/// <summary>The watchdog's evaluation of samples, without a loop and without a clock.</summary>
public class OverrunTrackerTests
{
    [Fact]
    public void A_callback_is_flagged_once_when_it_is_over_its_budget_and_once_when_it_is_gone()
    {
        var script = new OverrunScript();
        script.For(60, turn: 1, "a");
        Assert.Empty(script.Told);
        script.For(100, turn: 1, "a").For(10, turn: 2, subject: null);
        Assert.Equal(["Running a 60", "Gone a 150"], script.Told);
    }

    [Fact]
    public void The_same_subject_in_another_turn_or_step_is_another_callback()
    {
        var script = new OverrunScript();
        for (int i = 0; i < 100; i++)
        {
            script.For(40, turn: i, "a");
            script.For(40, turn: 1000, "a", step: i);
        }

        script.For(40, turn: 1000, "b", step: 99);
        Assert.DoesNotContain(script.Told, told => told.Contains('a') || told.Contains('b'));
    }

    [Fact]
    public void Overruns_that_follow_a_report_too_soon_are_counted_and_told_in_the_next_one()
    {
        var script = new OverrunScript(phaseBudget: 1_000_000, interval: 250);
        for (int turn = 1; turn <= 4; turn++)
        {
            script.For(100, turn, "a");
        }

        script.For(100, turn: 5, "b");
        Assert.Equal(
        [
            "Running a 60", "Gone a 90",
            "Running a 60 before 1 suppressed 1 quiet", "Gone a 90 before 1 suppressed 1 quiet",
            "Running a 60 before 2 suppressed 2 quiet", "Gone a 90 before 2 suppressed 2 quiet",
            "Running a 60 before 3 suppressed 2", "Gone a 90 before 3 suppressed 2",
            "Running b 60",
        ],
        script.Told);
    }

    [Fact]
    public void What_follows_a_report_too_soon_and_hangs_is_reported_when_the_interval_is_over()
    {
        var script = new OverrunScript(interval: 250);
        script.For(100, turn: 1, "a").For(100, turn: 2, "a").For(1000, turn: 3, "a").For(10, turn: 4, subject: null);
        Assert.Equal(
        [
            "Running a 60", "Gone a 90",
            "Running a 60 before 1 suppressed 1 quiet", "Gone a 90 before 1 suppressed 1 quiet",
            "Running a 60 before 2 suppressed 2 quiet", "Overdue a 110 before 2 suppressed 1", "Gone a 990 before 2 suppressed 1",
        ],
        script.Told);
    }

    [Fact]
    public void A_phase_of_short_callbacks_is_flagged_when_it_is_over_its_budget()
    {
        var script = new OverrunScript();
        for (int step = 0; step < 40; step++)
        {
            script.For(10, turn: 1, $"c{step}", step);
        }

        script.For(10, turn: 2, subject: null, phase: LoopPhase.Waiting);
        Assert.Equal(["PhaseRunning Mailbox 210", "PhaseEnded Mailbox 390"], script.Told);
    }

    [Fact]
    public void What_ends_a_phase_that_was_told_is_not_shorter_than_what_was_told()
    {
        var script = new OverrunScript();
        for (int step = 0; step < 17; step++)
        {
            script.For(10, turn: 1, $"c{step}", step);
        }

        // It makes the phase exceed its budget before it exceeds its own, and is then reported itself.
        script.For(100, turn: 1, "slow", step: 17).For(10, turn: 1, "quick", step: 18).For(10, turn: 2, subject: null);
        Assert.Equal(["PhaseRunning Mailbox 210", "Running slow 60", "Gone slow 90", "PhaseEnded Mailbox 220"], script.Told);
    }

    [Fact]
    public void A_begin_that_the_loop_told_is_taken_after_a_sleep_of_the_watchdogs()
    {
        var script = new OverrunScript();
        script.For(10, turn: 1, subject: null, phase: LoopPhase.Waiting).Away(60_000).Begins().For(60, turn: 2, "a");
        Assert.Equal(["Running a 60"], script.Told);
    }

    [Fact]
    public void The_time_of_callbacks_that_are_flagged_or_may_outlast_a_phase_is_not_their_phases()
    {
        var script = new OverrunScript(budgets: new Dictionary<object, long> { ["long"] = 5000, ["slow"] = 50, ["quick"] = 50 });
        script.For(1000, turn: 1, "long", step: 1).For(1000, turn: 1, "slow", step: 2).For(40, turn: 1, "quick", step: 3);
        Assert.Equal(["Running slow 60", "Gone slow 990"], script.Told);
        for (int step = 4; step < 30; step++)
        {
            script.For(10, turn: 1, "quick", step);
        }

        Assert.StartsWith("PhaseRunning Mailbox 210", script.Told[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_that_waits_is_never_slow()
    {
        var script = new OverrunScript();
        script.For(10_000, turn: 1, subject: null, phase: LoopPhase.Waiting);
        Assert.Empty(script.Told);
    }

    [Fact]
    public void Nobody_is_blamed_for_the_time_in_which_the_whole_process_was_stopped()
    {
        var script = new OverrunScript();
        script.For(30, turn: 1, "a").Away(60_000).For(20, turn: 1, "a");
        Assert.Empty(script.Told);
        script.For(60, turn: 1, "a").For(10, turn: 2, "b").Away(60_000).For(10, turn: 3, "c");
        Assert.Equal("Gone a 90", script.Told[^1]);
    }

    [Fact]
    public void A_callback_that_is_flagged_and_goes_on_after_the_process_was_stopped_is_not_blamed_for_that_time()
    {
        var script = new OverrunScript();
        script.For(70, turn: 1, "a").Away(60_000).For(100, turn: 1, "a").For(10, turn: 2, "b");
        Assert.Equal(["Running a 60", "Gone a 150"], script.Told);
    }

    [Fact]
    public void A_callback_that_began_before_the_process_was_stopped_and_is_first_seen_after_it_is_as_old_as_that()
    {
        var script = new OverrunScript();
        script.For(10, turn: 1, "a").Begins().Away(60_000).For(60, turn: 2, "b").For(20, turn: 2, "b");
        Assert.Equal(["Running b 60"], script.Told);
    }

    [Fact]
    public void What_is_first_seen_by_a_sampler_that_was_interrupted_is_not_older_than_that()
    {
        var script = new OverrunScript();
        script.Interrupted(500, turn: 1, "a").For(50, turn: 1, "a").For(10, turn: 2, subject: null);
        Assert.Empty(script.Told);
        script.Interrupted(60_000, turn: 3, "b").For(60, turn: 3, "b");
        Assert.Empty(script.Told);
        script.For(10, turn: 3, "b");
        Assert.Equal(["Running b 60"], script.Told);
    }

    [Fact]
    public void A_sampler_that_is_merely_late_still_sees()
    {
        var script = new OverrunScript();
        script.For(10, turn: 1, "a").Away(500).For(10, turn: 1, "a");
        Assert.Equal(["Running a 510"], script.Told);
    }

    [Fact]
    public void What_the_loop_found_itself_is_counted_once_whether_it_was_seen_or_not()
    {
        var script = new OverrunScript();
        script.Returned(turn: 1, "a", took: 5).For(100, turn: 2, "a").Returned(turn: 2, "a", took: 105).For(10, turn: 3, "b");
        Assert.Equal(["New a 5", "Running a 60 before 1", "Known a 105 before 1", "Gone a 90 before 1"], script.Told);
    }

    [Fact]
    public void What_has_returned_is_not_flagged_although_the_loop_has_not_gone_on_yet()
    {
        var script = new OverrunScript();
        script.For(40, turn: 1, "a").Returned(turn: 1, "a", took: 60).For(50, turn: 1, "a");
        Assert.Equal(["New a 60"], script.Told);
    }

    [Fact]
    public void What_was_sampled_and_has_returned_before_the_watchdog_made_something_of_it_is_not_flagged_again_when_others_returned_too()
    {
        var script = new OverrunScript();
        script.For(40, turn: 1, "a").ReturnedSince(30, turn: 1, "a", "b");
        Assert.Equal(["New a 60", "New b 60"], script.Told);
    }

    /// <summary>Compared with a model that searches the whole history each time.</summary>
    [Fact]
    public void A_hundred_thousand_random_samples_mean_what_a_simple_model_says()
    {
        var random = new Random(7);
        var script = new OverrunScript(phaseBudget: 10_000_000);
        var expected = new List<string>();
        long turn = 1;
        string? subject = null;
        long since = 0;
        long seen = 0;
        bool isFlagged = false;
        for (long now = 10; now <= 1_000_000; now += 10)
        {
            bool changes = random.Next(7) == 0;
            if (changes)
            {
                if (isFlagged)
                {
                    expected.Add($"Gone {subject} {seen - since}");
                }

                turn++;
                subject = random.Next(4) == 0 ? null : $"s{turn}";
                since = now;
                isFlagged = false;
            }

            seen = now;
            if (subject is not null && !isFlagged && now - since > 50)
            {
                isFlagged = true;
                expected.Add($"Running {subject} {now - since}");
            }

            script.For(10, turn, subject);
        }

        Assert.NotEmpty(expected);
        Assert.Equal(expected, script.Told);
    }
}
