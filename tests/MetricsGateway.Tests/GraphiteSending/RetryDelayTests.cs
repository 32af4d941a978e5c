using MetricsGateway.GraphiteSending;

namespace MetricsGateway.Tests.GraphiteSending;

public class RetryDelayTests
{
    [Fact]
    public void Each_delay_is_about_twice_the_one_before_up_to_the_longest_and_begins_anew_when_it_is_reset()
    {
        RetryDelay delay = new(new Random(2003));
        TimeSpan full = RetryDelay.First;
        for (int i = 0; i < 20; i++)
        {
            Assert.InRange(delay.Next(), full / 2, full);
            full = full * 2 < RetryDelay.Longest ? full * 2 : RetryDelay.Longest;
        }

        delay.Reset();

        Assert.InRange(delay.Next(), RetryDelay.First / 2, RetryDelay.First);
    }
}
