using Vigil.Timing;

namespace Vigil.Benchmarks.Timers;

/// <summary>The wheel's part: the same timeouts by the same timers, without the public API and its checks of thread, state and
/// arguments.</summary>
internal sealed class WheelRestarting : Restarting
{
    private readonly TimingWheel _wheel = new(now: 0);
    private readonly Target[] _targets = [.. Enumerable.Range(0, Active).Select(_ => new Target())];
    private readonly long[] _deadlines;

    public WheelRestarting(int outstanding)
    {
        for (int i = 0; i < outstanding; i++)
        {
            _wheel.Start(TimingWheel.NotStarted, new Target(), RandomDeadline());
        }

        _deadlines = [.. _targets.Select(_ => RandomDeadline())];
    }

    public override void Dispose()
    {
        // A wheel holds nothing but memory.
    }

    protected override void RestartInTurn(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Target target = _targets[i];
            target.Slot = _wheel.Start(target.Slot, target, _deadlines[i]);
            _wheel.Cancel(target.Slot);
            target.Slot = TimingWheel.NotStarted;
        }
    }

    private long RandomDeadline() => (long)RandomTimeout().TotalNanoseconds;

    private sealed class Target : ITimerTarget
    {
        public int Slot { get; set; } = TimingWheel.NotStarted;

        public void OnMoved(int slot) => Slot = slot;

        public bool Fire(long now) => false;

        public void OnAbandoned() => Slot = TimingWheel.NotStarted;
    }
}
