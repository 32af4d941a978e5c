namespace Vigil.Threading;

/// <summary>Takes locks whether or not the thread is interrupted (<see cref="Thread.Interrupt"/>).</summary>
/// <remarks>
/// For operations that must complete: an accepted message, the end of a call, the end of a registration. An interrupt is meant for a user's
/// code. One that is pending when that code calls in, or has called back, would otherwise make the thread leave at the first contended
/// lock, halfway through.
/// </remarks>
internal static class Uninterrupted
{
    /// <summary>Takes a lock until the scope is disposed. An interrupt that arrives meanwhile is pending afterwards.</summary>
    public static Lock.Scope Enter(Lock gate)
    {
        bool wasInterrupted = false;
        while (true)
        {
            try
            {
                Lock.Scope scope = gate.EnterScope();
                if (wasInterrupted)
                {
                    // The holder of the lock does not wait for anything, so the interrupt ends nothing there.
                    Thread.CurrentThread.Interrupt();
                }

                return scope;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }
    }
}
