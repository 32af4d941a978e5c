using System.Runtime.InteropServices;

namespace Vigil.Threading;

/// <summary>
/// A lock for short sections without a system call. A thread that finds it taken retries at once, yields the processor if that takes long,
/// and sleeps only if that does not help: a thread that sleeps for a lock held for nanoseconds wakes up milliseconds later on a busy
/// machine, and meets the next sleeper.
/// </summary>
/// <remarks>
/// Sleeping is necessary. Yielding (<c>sched_yield(2)</c>) does not let threads of lower priority run: a loop under <c>SCHED_FIFO</c> would
/// wait forever for a holder that it has itself preempted on the only processor that both may use.
/// </remarks>
internal sealed class SpinGate
{
    // About a millisecond, more than a running holder needs. From then on it sleeps for a millisecond between two looks.
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

/// <summary>On a cache line of its own: other threads read the neighbouring fields.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * 64)]
internal struct GateState
{
    [FieldOffset(64)]
    public int IsTaken;
}
