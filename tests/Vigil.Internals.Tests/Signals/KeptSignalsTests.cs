namespace Vigil.Internals.Tests.Signals;

/// <summary>Signals that are kept while processes are started.</summary>
public sealed class KeptSignalsTests
{
    private readonly KeptSignals _kept = new();

    [Fact]
    public void A_standard_signal_that_arrives_again_and_again_is_kept_once()
    {
        Keep(Signal.SIGUSR1, 100);
        Assert.Equal(1, _kept.Take(Signal.SIGUSR1));
        Assert.Equal(0, _kept.Take(Signal.SIGUSR1));
    }

    [Fact]
    public void Real_time_signals_are_kept_one_by_one_up_to_a_bound_each()
    {
        Keep(Signal.RealTime(1), 3);
        Keep(Signal.RealTime(2), SignalInbox.Capacity + 1);
        Assert.Equal(3, _kept.Take(Signal.RealTime(1)));
        Assert.Equal(SignalInbox.Capacity, _kept.Take(Signal.RealTime(2)));
        Assert.Equal(0, _kept.Take(Signal.RealTime(2)));
    }

    private void Keep(Signal signal, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _kept.Add(signal);
        }
    }
}
