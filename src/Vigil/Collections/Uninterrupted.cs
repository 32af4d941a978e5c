namespace Vigil.Collections;

/// <summary>Locks that a thread takes whether it is interrupted or not (<see cref="Thread.Interrupt"/>).</summary>
/// <remarks>
/// For what must come about: a message that was accepted, the end of a call, the end of a registration. An interrupt is meant for a user's
/// code; one that is pending when that code calls here, or has called back, would otherwise make the thread leave at the first lock that it
/// has to wait for, with half of it done.
/// </remarks>
internal static class Uninterrupted
{
    /// <summary>Takes a lock, until the scope is disposed. An interrupt that comes meanwhile is pending afterwards.</summary>
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
                    // Whoever holds the lock waits for nothing, so it ends nothing there.
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
