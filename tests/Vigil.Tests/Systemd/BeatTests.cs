using System.Diagnostics;

namespace Vigil.Tests.Systemd;

/// <summary>Signs of life, which all critical loops must deserve.</summary>
public sealed class BeatTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly NotifySocketServer _server = NotifySocketServer.AtPath();
    private readonly ServiceNotifier _notifier;

    public BeatTests() => _notifier = new ServiceNotifier(_server.Address, Period);

    public void Dispose()
    {
        _notifier.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_loop_that_sleeps_keeps_them_up_while_the_watchdogs_thread_sleeps_too()
    {
        using LoopThread loop = Start();
        long iterations = 0;
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal("WATCHDOG=1", _server.Receive());
            iterations = i == 5 ? loop.Manager.GetStatistics().Iterations : iterations;
        }

        Assert.Equal(iterations, loop.Manager.GetStatistics().Iterations);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_loop_that_hangs_stops_them_while_another_one_is_busy_or_sleeps_until_it_goes_on(bool isOtherBusy)
    {
        using LoopThread first = Start();
        using LoopThread other = Start();
        using var hangs = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        if (isOtherBusy)
        {
            other.Endpoint.Fire(manager => manager.CreateTimerEvent(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), (_, _) => { }));
        }

        Assert.Equal("WATCHDOG=1", _server.Receive());
        first.Endpoint.Fire(_ =>
        {
            hangs.Set();
            Assert.True(goesOn.Wait(Patience.Limit));
        });
        Assert.True(hangs.Wait(Patience.Limit));

        AwaitSilence();
        goesOn.Set();
        Assert.Equal("WATCHDOG=1", _server.Receive());
        Assert.Equal("WATCHDOG=1", _server.Receive());
    }

    [Fact]
    public void A_loop_that_is_not_critical_may_hang()
    {
        using LoopThread critical = Start();
        using LoopThread other = Start(isCritical: false);
        using var hangs = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        other.Endpoint.Fire(_ =>
        {
            hangs.Set();
            Assert.True(goesOn.Wait(Patience.Limit));
        });
        Assert.True(hangs.Wait(Patience.Limit));
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal("WATCHDOG=1", _server.Receive());
        }

        goesOn.Set();
    }

    [Fact]
    public void A_manager_that_is_not_run_deserves_none_until_it_turns_and_one_that_is_gone_does_not_matter()
    {
        using LoopThread runs = Start();
        using (EventManager waits = new(Options(isCritical: true)))
        {
            AwaitSilence();
            waits.RunOnce(TimeSpan.Zero);
            Assert.Equal("WATCHDOG=1", _server.Receive());
            AwaitSilence();
        }

        Assert.Equal("WATCHDOG=1", _server.Receive());
        Assert.Equal("WATCHDOG=1", _server.Receive());
    }

    [Fact]
    public void Without_a_critical_manager_there_are_none()
    {
        using LoopThread loop = Start(isCritical: false);
        Assert.Null(_server.ReceiveWithin(2 * Period));
    }

    [Fact]
    public void A_period_that_is_changed_has_its_own_beats()
    {
        using var notifier = new ServiceNotifier(_server.Address);
        using LoopThread loop = new(new EventManagerOptions { Watchdog = new WatchdogOptions { Notifier = notifier } });
        Assert.Null(notifier.WatchdogPeriod);
        Assert.Null(_server.ReceiveWithin(Period));
        notifier.ChangeWatchdogPeriod(Period);
        Assert.Equal(Period, notifier.WatchdogPeriod);
        Assert.Equal("WATCHDOG_USEC=200000", _server.Receive());
        Assert.Equal("WATCHDOG=1", _server.Receive());
        Assert.Equal("WATCHDOG=1", _server.Receive());
    }

    [Fact]
    public void A_full_socket_delays_a_beat()
    {
        int full = _server.Fill();
        using LoopThread loop = Start();
        for (int i = 0; i < full; i++)
        {
            Assert.Equal("X_FULL=1", _server.Receive());
        }

        Assert.Equal("WATCHDOG=1", _server.Receive());
        Assert.Equal("WATCHDOG=1", _server.Receive());
    }

    // Some may be on their way, and one follows the phase that the callback is in.
    private void AwaitSilence()
    {
        long start = Stopwatch.GetTimestamp();
        while (_server.ReceiveWithin(3 * Period) is not null)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience.Limit, "They go on.");
        }
    }

    private LoopThread Start(bool isCritical = true) => new(Options(isCritical));

    private EventManagerOptions Options(bool isCritical) =>
        new()
        {
            CollectStatistics = true,
            Watchdog = new WatchdogOptions
            {
                Notifier = _notifier,
                IsCritical = isCritical,
                CallbackBudget = Timeout.InfiniteTimeSpan,
                PhaseBudget = Timeout.InfiniteTimeSpan,
            },
        };
}
