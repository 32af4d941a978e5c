namespace Vigil.Internals.Tests.Systemd;

public sealed class HeartbeatTests : IDisposable
{
    private const long Period = 1_000_000_000;
    private const long Look = Period / 50;

    private readonly Heartbeat _heart = new();
    private readonly LoopProgress _progress = new(readsClock: false, () => { }, () => { });
    private readonly LoopLifetime _lifetime;
    private readonly EventManager _manager = new();

    public HeartbeatTests()
    {
        _lifetime = _manager.Core.Lifetime;
        _heart.SetPeriod(Period, now: 0);
        _heart.Add(new CriticalLoop(_progress, _lifetime), now: 0);
    }

    public void Dispose() => _manager.Dispose();

    [Fact]
    public void Nothing_is_due_without_a_loop_or_a_period()
    {
        var heart = new Heartbeat();
        Assert.Equal(long.MaxValue, heart.DueAt);
        heart.SetPeriod(Period, now: 5);
        Assert.Equal(long.MaxValue, heart.DueAt);
        var loop = new CriticalLoop(_progress, _lifetime);
        heart.Add(loop, now: 7);
        Assert.Equal(7, heart.DueAt);
        heart.Remove(loop);
        Assert.Equal(long.MaxValue, heart.DueAt);
    }

    [Fact]
    public void A_loop_that_has_never_turned_is_looked_at_again_soon()
    {
        Assert.False(_heart.IsDue(0));
        Assert.Equal(Look, _heart.DueAt);
        _progress.Begin(LoopPhase.Timers);
        Assert.True(_heart.IsDue(Look));
        _heart.OnBeat(Look);
        Assert.Equal(Look + Period, _heart.DueAt);
        Assert.False(_heart.IsDue(Look + Period - 1));
    }

    [Fact]
    public void A_loop_in_one_and_the_same_phase_since_the_last_beat_is_not_alive_until_the_next_phase()
    {
        _progress.Begin(LoopPhase.Sources);
        Beat(0);
        _progress.EnterOnce(this);
        Assert.False(_heart.IsDue(Period));
        Assert.False(_heart.IsDue(Period + Look));
        _progress.Begin(LoopPhase.Mailbox);
        Assert.True(_heart.IsDue(Period + (2 * Look)));
    }

    [Fact]
    public void A_loop_that_waits_is_alive_only_in_a_run()
    {
        _progress.Begin(LoopPhase.Waiting);
        Beat(0);
        Assert.False(_heart.IsDue(Period));
        _manager.Defer(_ =>
        {
            Assert.True(_heart.IsDue(2 * Period));
            _heart.OnBeat(2 * Period);
            Assert.True(_heart.IsDue(3 * Period));
        });
        _manager.RunOnce(TimeSpan.Zero);
        Assert.False(_heart.IsDue(3 * Period));
    }

    private void Beat(long now)
    {
        Assert.True(_heart.IsDue(now));
        _heart.OnBeat(now);
    }
}
