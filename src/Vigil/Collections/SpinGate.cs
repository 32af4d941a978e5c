namespace Vigil.Collections;

/// <summary>
/// A lock for a few instructions at a time. Whoever finds it taken looks again at once, and gives up the processor if that takes long, but does not sleep: a thread that sleeps for a lock
/// that is held for nanoseconds wakes up milliseconds later on a busy machine, and meets the next one who sleeps.
/// </summary>
internal sealed class SpinGate
{
    private const int NeverSleep = -1;

    private int _isTaken;

    public void Enter()
    {
        if (Interlocked.CompareExchange(ref _isTaken, 1, 0) != 0)
        {
            EnterSlowly();
        }
    }

    public void Exit() => Volatile.Write(ref _isTaken, 0);

    private void EnterSlowly()
    {
        SpinWait spinner = default;
        do
        {
            spinner.SpinOnce(NeverSleep);
        }
        while (Volatile.Read(ref _isTaken) != 0 || Interlocked.CompareExchange(ref _isTaken, 1, 0) != 0);
    }
}
