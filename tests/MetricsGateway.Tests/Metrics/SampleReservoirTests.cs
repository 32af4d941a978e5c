using MetricsGateway.Metrics;

namespace MetricsGateway.Tests.Metrics;

public class SampleReservoirTests
{
    private readonly Random _random = new(8125);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(99)]
    [InlineData(100)]
    public void Up_to_the_maximum_every_sample_is_kept(int count)
    {
        SampleReservoir reservoir = new(new SampleLimit(100), new Quota(1000), _random);

        Fill(reservoir, count);

        Assert.True(reservoir.IsComplete);
        Assert.Equal(count, reservoir.Received);
        Assert.Equal(Enumerable.Range(0, count).Select(i => (double)i), reservoir.Kept.ToArray());
    }

    [Theory]
    [InlineData(20, 1000)]
    [InlineData(100, 8 - SampleReservoir.FreeRoom)]
    [InlineData(100, 0)]
    public void Beyond_the_maximum_or_the_quota_each_sample_has_the_same_chance(int maximum, int quota)
    {
        const int Received = 50;
        const int Rounds = 20_000;
        SampleReservoir reservoir = new(new SampleLimit(maximum), new Quota(quota), _random);
        int[] chosen = new int[Received];
        int kept = 0;
        for (int round = 0; round < Rounds; round++)
        {
            Fill(reservoir, Received);
            kept = reservoir.Kept.Length;
            Assert.False(reservoir.IsComplete);
            foreach (double sample in reservoir.Kept)
            {
                chosen[(int)sample]++;
            }

            reservoir.Clear();
        }

        // Six standard deviations of a binomial distribution.
        double chance = (double)kept / Received;
        double tolerance = 6 * Math.Sqrt(Rounds * chance * (1 - chance));
        Assert.Equal(Math.Min(maximum, quota + SampleReservoir.FreeRoom), kept);
        Assert.All(chosen, count => Assert.InRange(count, (Rounds * chance) - tolerance, (Rounds * chance) + tolerance));
    }

    [Fact]
    public void Room_stays_for_the_next_interval_unless_little_of_it_was_needed()
    {
        Quota quota = new(1000);
        SampleReservoir reservoir = new(new SampleLimit(100), quota, _random);
        Fill(reservoir, 100);
        Assert.Equal(100 - SampleReservoir.FreeRoom, quota.Used);

        reservoir.Clear();
        Assert.Equal(0, reservoir.Received);
        Fill(reservoir, 25);
        reservoir.Clear();
        Assert.Equal(100 - SampleReservoir.FreeRoom, quota.Used);

        Fill(reservoir, 24);
        reservoir.Clear();
        Assert.Equal(0, quota.Used);
        Fill(reservoir, 3);
        Assert.Equal([0, 1, 2], reservoir.Kept.ToArray());
    }

    [Fact]
    public void A_quota_that_others_use_up_is_there_again_when_they_return_it()
    {
        Quota quota = new(60);
        SampleReservoir many = new(new SampleLimit(1000), quota, _random);
        SampleReservoir few = new(new SampleLimit(1000), quota, _random);
        Fill(many, 1000);
        Fill(few, 1000);
        Assert.Equal(SampleReservoir.FreeRoom, few.Kept.Length);

        many.Release();
        few.Add(1);
        Assert.Equal(SampleReservoir.FreeRoom, few.Kept.Length);
        few.Clear();
        Fill(few, 60);
        Assert.Equal(60, few.Kept.Length);
        few.Release();
        Assert.Equal(0, quota.Used);
    }

    [Fact]
    public void Another_maximum_counts_from_the_next_interval_on()
    {
        Quota quota = new(1000);
        SampleLimit limit = new(50);
        SampleReservoir reservoir = new(limit, quota, _random);
        Fill(reservoir, 60);
        limit.Maximum = 100;
        Fill(reservoir, 40);
        Assert.Equal(50, reservoir.Kept.Length);

        reservoir.Clear();
        Fill(reservoir, 100);
        Assert.True(reservoir.IsComplete);

        limit.Maximum = 10;
        Assert.Equal(100, reservoir.Kept.Length);
        reservoir.Clear();
        Fill(reservoir, 100);
        Assert.Equal(10, reservoir.Kept.Length);
        Assert.Equal(10 - SampleReservoir.FreeRoom, quota.Used);
    }

    private static void Fill(SampleReservoir reservoir, int count)
    {
        for (int i = 0; i < count; i++)
        {
            reservoir.Add(i);
        }
    }
}
