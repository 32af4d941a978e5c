using System.Runtime.InteropServices;

namespace Vigil.Tests;

/// <summary>Signals as values. Sending them is tested in processes of their own (<see cref="ChildProcessTests"/>).</summary>
public sealed class SignalTests
{
    [Theory]
    [InlineData(1, "SIGHUP")]
    [InlineData(10, "SIGUSR1")]
    [InlineData(15, "SIGTERM")]
    [InlineData(31, "SIGSYS")]
    [InlineData(33, "33")]
    [InlineData(34, "SIGRTMIN")]
    [InlineData(64, "SIGRTMIN+30")]
    public void A_signal_has_the_name_that_the_manual_gives_it(int number, string name)
    {
        Assert.Equal(name, new Signal(number).ToString());
        Assert.Equal(number, new Signal(number).Number);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(65)]
    public void There_are_no_other_signals(int number) => Assert.Throws<ArgumentOutOfRangeException>(() => new Signal(number));

    [Fact]
    public void The_runtimes_names_and_numbers_are_the_kernels_signals()
    {
        Assert.Equal(Signal.SIGHUP, PosixSignal.SIGHUP);
        Assert.Equal(Signal.SIGCHLD, PosixSignal.SIGCHLD);
        Assert.Equal(Signal.SIGTSTP, PosixSignal.SIGTSTP);
        Assert.Equal(Signal.SIGUSR2, (PosixSignal)12);
        Assert.Throws<ArgumentOutOfRangeException>(() => (Signal)(PosixSignal)(-11));
    }

    [Fact]
    public void Real_time_signals_count_from_the_one_that_is_the_runtimes()
    {
        Assert.Equal(35, Signal.RealTime(1).Number);
        Assert.True(Signal.RealTime(30).IsRealTime);
        Assert.False(Signal.SIGTERM.IsRealTime);
        Assert.Throws<ArgumentOutOfRangeException>(() => Signal.RealTime(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Signal.RealTime(31));
    }

    [Fact]
    public void Default_is_no_signal()
    {
        using var manager = new EventManager();
        Assert.Equal("no signal", default(Signal).ToString());
        Assert.Throws<ArgumentException>(() => manager.CreateSignalEvent(default, (_, _) => { }));
        Assert.Throws<ArgumentException>(() => SignalBlocking.IsBlocked(default));
    }

    [Fact]
    public void Signals_that_no_program_can_handle_can_be_named_to_send_them()
    {
        using var manager = new EventManager();
        foreach (Signal signal in new[] { Signal.SIGKILL, Signal.SIGSTOP })
        {
            EventManagerException refusal = Assert.Throws<EventManagerException>(() => manager.CreateSignalEvent(signal, (_, _) => { }));
            Assert.Equal(EventManagerError.SignalReserved, refusal.Error);
        }

        Assert.Equal("SIGKILL", Signal.SIGKILL.ToString());
        Assert.Equal(19, Signal.SIGSTOP.Number);
    }
}
