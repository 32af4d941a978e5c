using System.Diagnostics;

namespace Vigil.Threading;

/// <summary>Takes locks and waits for ends whether or not the thread is interrupted (<see cref="Thread.Interrupt"/>).</summary>
/// <remarks>
/// For operations that must complete: an accepted message, the end of a call, the end of a registration. An interrupt is meant for a user's
/// code. One that is pending when that code calls in, or has called back, would otherwise make the thread leave at the first contended
/// lock, halfway through. So the library takes all its locks in this way.
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

    /// <summary>
    /// Waits for a task's end, and does not throw its exception. An interrupt that arrives meanwhile is pending afterwards.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="timeout">How long to wait; what the framework's waits accept.</param>
    /// <returns>False if the timeout expired.</returns>
    public static bool Wait(Task task, TimeSpan timeout)
    {
        Task[] awaited = [task];
        long start = Stopwatch.GetTimestamp();
        bool wasInterrupted = false;
        while (true)
        {
            try
            {
                bool hasEnded = Task.WaitAny(awaited, LeftOf(timeout, start)) >= 0;
                if (wasInterrupted)
                {
                    Thread.CurrentThread.Interrupt();
                }

                return hasEnded;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }
    }

    private static TimeSpan LeftOf(TimeSpan timeout, long start)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return timeout;
        }

        TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
