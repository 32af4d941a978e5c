namespace Vigil.Internals.Tests.Watchdog;

/// <summary>Times in seconds; the callback begins at 100.</summary>
public sealed class StandstillsTests
{
    private const long Second = 1_000_000_000;

    private readonly Standstills _standstills = new();

    [Fact]
    public void A_watchdog_that_looks_from_time_to_time_finds_none()
    {
        Look(100, 101, 102, 104, 105);
        Assert.Equal(0, Within(105));
        Assert.Equal(0, Within(107));
    }

    [Fact]
    public void A_stop_counts_once_whether_the_loop_or_the_watchdog_comes_first_after_it()
    {
        Look(101);
        Assert.Equal(49, Within(150));
        Look(150);
        Assert.Equal(49, Within(150));
        Assert.Equal(49, Within(151));
    }

    [Fact]
    public void Only_that_part_of_a_stop_counts_in_which_the_callback_ran()
    {
        Look(90);
        Assert.Equal(50, Within(150));
        Look(150);
        Assert.Equal(50, Within(151));
    }

    [Fact]
    public void All_stops_of_a_callback_count_and_none_of_the_one_before()
    {
        Look(101, 150, 151, 200);
        Assert.Equal(49 + 49, Within(200));
        _standstills.Look(new ProgressSample(1, 1, "next", 201 * Second), 300 * Second);
        Assert.Equal(99, _standstills.Within(201 * Second, 301 * Second) / Second);
    }

    private void Look(params int[] times) =>
        Array.ForEach(times, time => _standstills.Look(new ProgressSample(1, 0, "callback", 100 * Second), time * Second));

    private long Within(long now) => _standstills.Within(100 * Second, now * Second) / Second;
}
