namespace Vigil.Internals.Tests.Signals;

/// <summary>The C library decides where real-time signals begin: at 34 (glibc) or 35 (musl). The runtime uses the first one
/// itself.</summary>
public class RealTimeSignalTests
{
    [Theory]
    [InlineData(34, 35, 30)]
    [InlineData(35, 36, 29)]
    public void Programs_have_what_comes_after_the_first_one(int first, int firstOfPrograms, int count)
    {
        Assert.Equal(firstOfPrograms, Signal.RealTimeNumber(1, first));
        Assert.Equal(64, Signal.RealTimeNumber(count, first));
        Assert.Throws<ArgumentOutOfRangeException>(() => Signal.RealTimeNumber(count + 1, first));
        Assert.Throws<ArgumentOutOfRangeException>(() => Signal.RealTimeNumber(0, first));
        Assert.Equal("SIGRTMIN", Signal.NameOf(first, first));
        Assert.Equal("SIGRTMIN+1", Signal.NameOf(firstOfPrograms, first));
        Assert.Equal("33", Signal.NameOf(33, first));
    }

    [Theory]
    [InlineData(34)]
    [InlineData(35)]
    public void The_first_one_and_the_librarys_own_are_refused(int first)
    {
        for (int number = 32; number <= first; number++)
        {
            Assert.Contains("Use SIGRTMIN+1 to", SignalRules.ObstacleTo(new Signal(number), first), StringComparison.Ordinal);
        }

        Assert.Null(SignalRules.ObstacleTo(new Signal(first + 1), first));
    }
}
