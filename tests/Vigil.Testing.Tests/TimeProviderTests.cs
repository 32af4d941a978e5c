namespace Vigil.Testing.Tests;

/// <summary>Code that knows no event manager, only a <see cref="TimeProvider"/>.</summary>
public sealed class TimeProviderTests
{
    private readonly VirtualClock _clock = new();

    [Fact]
    public void Each_pause_of_a_retry_is_seen_at_its_own_time_within_one_movement_of_the_clock()
    {
        List<double> attempts = [];
        Task<int> result = RetryAsync(
            () =>
            {
                attempts.Add(_clock.Elapsed.TotalSeconds);
                throw new IOException();
            },
            attempts: 3,
            TimeSpan.FromSeconds(5),
            _clock,
            CancellationToken.None);

        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal([0, 5, 10], attempts);
        Assert.IsType<IOException>(result.Exception!.InnerException);
    }

    [Fact]
    public void Timeouts_of_the_runtime_follow_the_clock()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(30), _clock);
        Task waiting = new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromSeconds(20), _clock, CancellationToken.None);

        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.IsType<TimeoutException>(waiting.Exception!.InnerException);
        Assert.False(source.IsCancellationRequested);

        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(source.IsCancellationRequested);
    }

    [Fact]
    public void A_periodic_timer_ticks_with_the_clock()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _clock);
        for (int i = 0; i < 3; i++)
        {
            Task<bool> tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            Assert.False(tick.IsCompleted);
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(tick.IsCompletedSuccessfully);
        }
    }

    [Fact]
    public void On_a_loop_of_a_world_it_goes_on_on_the_loop_before_the_clock_moves() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("loop").Manager;
            int attempts = 0;
            Task<int> call = manager.RemoteEndpoint.CallAsync(_ => RetryAsync(
                () =>
                {
                    Assert.Same(manager, EventManager.Current);
                    Assert.Equal(TimeSpan.FromSeconds(5 * attempts++), world.Clock.Elapsed);
                    return attempts == 3 ? 42 : throw new IOException();
                },
                attempts: 5,
                TimeSpan.FromSeconds(5),
                world.Clock,
                CancellationToken.None,
                continuesAnywhere: false));

            Assert.Equal(42, world.RunUntilEnded(call));
        },
        new SimulationOptions { Runs = 10 });

    private static async Task<int> RetryAsync(
        Func<int> call, int attempts, TimeSpan pause, TimeProvider clock, CancellationToken token, bool continuesAnywhere = true)
    {
        while (true)
        {
            try
            {
                return call();
            }
            catch (IOException) when (--attempts > 0)
            {
                await Task.Delay(pause, clock, token).ConfigureAwait(!continuesAnywhere);
            }
        }
    }
}
