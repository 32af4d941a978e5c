using Microsoft.Extensions.Logging.Abstractions;
using Vigil;
using Vigil.Testing;

namespace VigilWorker.Tests;

public class TickerTests
{
    // Each of a hundred runs is an hour of virtual time, in another order of what happens at the same time.
    [Fact]
    public void It_ticks_once_a_second() => Simulation.Run(world =>
    {
        EventManager manager = world.CreateLoop("worker").Manager;
        var ticker = new Ticker(manager, NullLogger<Ticker>.Instance);
        manager.AddSubscriber(ticker);

        world.Advance(TimeSpan.FromHours(1));

        Assert.Equal(3_600, ticker.Ticks);
    });
}
