using Vigil.Threading;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>
/// The watchdog's thread: one for the process, started with the first watched loop or pool and ended with the last. It samples each at the
/// interval that it asks for, idle or not, and sleeps while nothing is active: without a timeout, or until something that is idle has a
/// date (<see cref="Sampled.WakeAt"/>).
/// </summary>
/// <remarks>
/// Sleeping. The thread prepares its parker, tells everything sampled to wake it from now on, issues a process-wide memory barrier, and
/// checks once more for activity. Whatever becomes active publishes that first and then checks whether it must wake the thread. So one side
/// sees the other. Any thread may add and remove; removal takes effect after a last sample, so that nothing goes unreported.
/// </remarks>
internal static class Sampler
{
    // The kernel keeps 15 bytes of it.
    private const string ThreadName = "vigil-watchdog";

    private static readonly Lock Gate = new();

    // Replaced under the gate, never modified.
    private static volatile Sampled[] _all = [];
    private static Parker? _parker;
    private static bool _isRunning;

    public static void Add(Sampled sampled)
    {
        using (Uninterrupted.Enter(Gate))
        {
            // Starts the thread first, which cannot end before the gate is free: if there is no thread, nothing has changed.
            if (!_isRunning)
            {
                new LibraryThread(ThreadName, Run).Start();
                _isRunning = true;
            }

            _all = [.. _all, sampled];
        }

        Wake();
    }

    public static void Remove(Sampled sampled)
    {
        sampled.Retire();
        Wake();
    }

    /// <summary>Makes the thread sample everything now. Any thread.</summary>
    public static void Wake()
    {
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _parker)?.Unpark();
    }

    private static void Run()
    {
        Parker parker = Parker.OfThisThread;
        Volatile.Write(ref _parker, parker);
        while (true)
        {
            parker.Prepare();
            long next = long.MaxValue;
            long wakeAt = long.MaxValue;
            bool isIdle = true;
            foreach (Sampled sampled in _all)
            {
                bool isLast = sampled.IsRetired;
                // Reads the clock each time: a handler of the previous one's report may have taken long.
                sampled.SampleIfDue(MonotonicClock.NowNanoseconds);
                if (isLast)
                {
                    Drop(sampled);
                }
                else
                {
                    next = Math.Min(next, sampled.NextAt);
                    wakeAt = Math.Min(wakeAt, sampled.WakeAt);
                    isIdle &= sampled.IsIdle;
                }
            }

            if (!isIdle)
            {
                parker.Park(TimeUntil(next));
            }
            else if (!Sleep(parker, wakeAt))
            {
                return;
            }
        }
    }

    // False if nothing is left to sample, and the thread ends.
    private static bool Sleep(Parker parker, long wakeAt)
    {
        Sampled[] all = _all;
        if (all.Length == 0)
        {
            using (Uninterrupted.Enter(Gate))
            {
                _isRunning = _all.Length > 0;
                return _isRunning;
            }
        }

        Array.ForEach(all, sampled => sampled.Park(isParked: true));
        Interlocked.MemoryBarrierProcessWide();
        if (Array.TrueForAll(all, sampled => sampled.IsQuiet && !sampled.IsRetired))
        {
            parker.Park(wakeAt == long.MaxValue ? -1 : TimeUntil(wakeAt));
        }

        foreach (Sampled sampled in all)
        {
            sampled.Park(isParked: false);
            sampled.LookNow();
        }

        return true;
    }

    // Even if something is due already, the thread sleeps briefly, for the sake of others if the machine is too slow for the period.
    private static long TimeUntil(long time)
    {
        const long Shortest = 100_000;
        return Math.Max(time - MonotonicClock.NowNanoseconds, Shortest);
    }

    private static void Drop(Sampled sampled)
    {
        using (Uninterrupted.Enter(Gate))
        {
            _all = Array.FindAll(_all, other => other != sampled);
        }
    }
}
