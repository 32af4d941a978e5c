using System.Runtime.InteropServices;

namespace Vigil.Threading;

/// <summary>
/// A lock for a short time without a system call. Whoever finds it taken looks again at once, gives up the processor if that takes long, and sleeps only if that does not help: a thread that sleeps for a
/// lock that is held for nanoseconds wakes up milliseconds later on a busy machine, and meets the next one who sleeps.
/// </summary>
/// <remarks>
/// Sleep there must be. To give up the processor (<c>sched_yield(2)</c>) lets nobody run who has a lower priority: a loop under <c>SCHED_FIFO</c> would wait for ever for a holder that
/// it has itself driven from the processor that both must run on.
/// </remarks>
internal sealed class SpinGate
{
    // About a millisecond, more than a holder needs that runs at all. From then on a millisecond's sleep between two looks.
    private const int LooksBeforeSleep = 1000;

    private GateState _state;

    public void Enter()
    {
        if (Interlocked.CompareExchange(ref _state.IsTaken, 1, 0) != 0)
        {
            EnterSlowly();
        }
    }

    public void Exit() => Volatile.Write(ref _state.IsTaken, 0);

    private void EnterSlowly()
    {
        using var spinner = default(UninterruptedSpin);
        do
        {
            spinner.Once(LooksBeforeSleep);
        }
        while (Volatile.Read(ref _state.IsTaken) != 0 || Interlocked.CompareExchange(ref _state.IsTaken, 1, 0) != 0);
    }
}

/// <summary>On a cache line of its own: others read what lies beside it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * 64)]
internal struct GateState
{
    [FieldOffset(64)]
    public int IsTaken;
}
