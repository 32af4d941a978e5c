namespace Vigil.Threading;

/// <summary>
/// Waits in a loop, as <see cref="SpinWait"/> does, for what another thread is about to finish. An interrupt of the waiting thread
/// (<see cref="Thread.Interrupt"/>) is meant for a user's code, or came too late for it: it does not end the loop, and is pending again
/// after disposal.
/// </summary>
internal ref struct UninterruptedSpin
{
    private SpinWait _spinner;
    private bool _wasInterrupted;

    /// <summary>Spins, yields the processor, or sleeps for a millisecond.</summary>
    /// <param name="spinsBeforeSleep">The number of rounds without sleep.</param>
    public void Once(int spinsBeforeSleep)
    {
        try
        {
            _spinner.SpinOnce(spinsBeforeSleep);
        }
        catch (ThreadInterruptedException)
        {
            _wasInterrupted = true;
        }
    }

    /// <summary>As <see cref="Once(int)"/>, with the framework's number of spins.</summary>
    public void Once()
    {
        const int FrameworksSpins = 20;
        Once(FrameworksSpins);
    }

    public readonly void Dispose()
    {
        if (_wasInterrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }
}
