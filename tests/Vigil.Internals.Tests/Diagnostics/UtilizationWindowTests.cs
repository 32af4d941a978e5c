using Vigil.Diagnostics;

namespace Vigil.Internals.Tests.Diagnostics;

public sealed class UtilizationWindowTests
{
    private const long Second = 1_000_000_000;

    private readonly UtilizationWindow _window = new();

    [Fact]
    public void One_collector_is_told_of_the_time_since_it_asked_last()
    {
        Assert.Equal(0.25, _window.Next(4 * Second, (1 * Second, 3 * Second)));
        Assert.Equal(0.5, _window.Next(8 * Second, (3 * Second, 5 * Second)));
        Assert.Equal(0, _window.Next(9 * Second, (3 * Second, 6 * Second)));
        Assert.Equal(1, _window.Next(10 * Second, (4 * Second, 6 * Second)));
    }

    [Fact]
    public void A_second_collector_that_asks_right_after_the_first_is_told_the_same()
    {
        _window.Next(10 * Second, (5 * Second, 5 * Second));
        Assert.Equal(0.1, _window.Next(20 * Second, (6 * Second, 14 * Second)));

        // In between, the loop was busy answering.
        Assert.InRange(_window.Next((20 * Second) + 1000, ((6 * Second) + 1000, 14 * Second)), 0.1, 0.1001);
        Assert.InRange(_window.Next((20 * Second) + 2000, ((6 * Second) + 2000, 14 * Second)), 0.1, 0.1001);
    }

    [Fact]
    public void Nothing_measured_is_no_utilization() => Assert.Equal(0, _window.Next(5 * Second, (0, 0)));
}
