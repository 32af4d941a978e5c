using Vigil.Diagnostics;
using Vigil.Internals.Tests.Support;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Watchdog;

public sealed class SamplerTests
{
    [Fact]
    public void What_is_idle_is_looked_at_as_often_as_it_wants_while_something_seldom_keeps_the_sampler_awake()
    {
        var seldom = new Scripted(TimeSpan.FromHours(1), isIdle: false);
        var idle = new Scripted(TimeSpan.FromMilliseconds(1), isIdle: true);
        Sampler.Add(seldom);
        Sampler.Add(idle);
        Patience.Until(() => idle.Samples >= 20, "twenty looks at what is idle");
        Sampler.Remove(seldom);
        Sampler.Remove(idle);
        Patience.Until(() => seldom.IsGone && idle.IsGone, "a last look at both");
    }

    [Fact]
    public void What_wakes_the_sampler_is_looked_at_at_once_however_long_its_period()
    {
        var only = new Scripted(TimeSpan.FromHours(1), isIdle: true);
        Sampler.Add(only);
        for (int i = 0; i < 3; i++)
        {
            Patience.Until(() => only.IsParked, "the sampler's sleep");
            int before = only.Samples;
            Sampler.Wake();
            Patience.Until(() => only.Samples > before, "a look after the sleep");
        }

        Sampler.Remove(only);
        Patience.Until(() => only.IsGone, "a last look");
    }

    private sealed class Scripted(TimeSpan period, bool isIdle) : Sampled
    {
        private volatile bool _isParked;
        private volatile bool _isGone;
        private int _samples;

        public int Samples => Volatile.Read(ref _samples);

        public bool IsParked => _isParked;

        public bool IsGone => _isGone;

        public override bool IsQuiet => true;

        public override void Park(bool isParked) => _isParked = isParked;

        protected override long Sample(long now)
        {
            _isGone = IsRetired;
            IsIdle = isIdle;
            Volatile.Write(ref _samples, _samples + 1);
            return now + Nanoseconds.Of(period);
        }
    }
}
