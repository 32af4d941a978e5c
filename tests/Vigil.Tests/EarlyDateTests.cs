namespace Vigil.Tests;

/// <summary>Clocks and dates before 1970, or far from it.</summary>
public sealed class EarlyDateTests
{
    private VirtualClock _time = new();
    private readonly List<TimeSpan> _lateness = [];

    [Theory]
    [InlineData(1)]
    [InlineData(1600)]
    [InlineData(1960)]
    [InlineData(1969)]
    [InlineData(3000)]
    [InlineData(9990)]
    public void A_virtual_wall_clock_may_begin_in_any_year(int year)
    {
        _time = new VirtualClock(new DateTimeOffset(year, 12, 1, 0, 0, 0, TimeSpan.Zero));
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = _time });
        DateTimeOffset due = _time.GetUtcNow().AddYears(5);
        At(manager, due);
        manager.CreateTimerEvent(TimeSpan.FromDays(10), Timeout.InfiniteTimeSpan, Note, new() { Clock = TimerClock.WallClock });
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        _time.Advance(TimeSpan.FromDays(10) - TimeSpan.FromTicks(1));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(1, manager.RunOnce());
        _time.Advance(due - _time.GetUtcNow() - TimeSpan.FromTicks(1));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        _time.Advance(TimeSpan.FromTicks(1) + TimeSpan.FromMinutes(1));
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal([TimeSpan.Zero, TimeSpan.FromMinutes(1)], _lateness);
    }

    [Fact]
    public void A_date_before_the_clocks_beginning_is_late_by_all_that_has_passed()
    {
        _time = new VirtualClock(new DateTimeOffset(1960, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = _time });
        At(manager, _time.GetUtcNow().AddYears(-200));
        At(manager, DateTimeOffset.MinValue);
        Assert.Equal(2, manager.RunOnce());
        Assert.Equal([_time.GetUtcNow() - _time.GetUtcNow().AddYears(-200), TimeSpan.FromTicks(long.MaxValue / 100)], _lateness);
    }

    [Fact]
    public void A_virtual_wall_clock_that_is_set_back_makes_dates_wait_and_what_has_no_delay_come_at_once()
    {
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = _time });
        DateTimeOffset due = _time.GetUtcNow() + TimeSpan.FromHours(1);
        At(manager, due);
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        _time.StepWallClock(-TimeSpan.FromDays(3650));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(0, manager.RunOnce(TimeSpan.Zero));
        manager.CreateTimerEvent(TimeSpan.Zero, Timeout.InfiniteTimeSpan, Note, new() { Clock = TimerClock.WallClock });
        _time.StepWallClock(-TimeSpan.FromDays(3650));
        Assert.Equal(1, manager.RunOnce());
        _time.Advance(due - _time.GetUtcNow());
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero], _lateness);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1500)]
    [InlineData(1900)]
    public void A_period_that_is_counted_from_an_early_date_keeps_its_phase(int year)
    {
        DateTimeOffset first = new(year, 1, 1, 0, 0, 0, TimeSpan.Zero);
        _time = new VirtualClock(new DateTimeOffset(2026, 11, 30, 10, 20, 30, TimeSpan.Zero));
        using var manager = new EventManager(new EventManagerOptions { TimeProvider = _time });
        TimerEvent timer = manager.CreateTimerEvent(first, TimeSpan.FromHours(1), Note);
        Assert.Equal(1, manager.RunOnce());
        Assert.Equal(TimeSpan.FromSeconds((40 * 60) - 30), timer.Remaining + _time.Elapsed);
    }

    private void At(EventManager manager, DateTimeOffset due) => manager.CreateTimerEvent(due, Timeout.InfiniteTimeSpan, Note);

    private void Note(TimerEvent timer, TimerTick tick) => _lateness.Add(tick.Lateness);
}
