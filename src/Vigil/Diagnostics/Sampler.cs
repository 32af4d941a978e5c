using Vigil.Threading;
using Vigil.Timing;

namespace Vigil.Diagnostics;

/// <summary>
/// The watchdog's thread: one for the process, started with the first loop or pool that is to be watched and ended with the last. It looks at each as often
/// as that wants, idle or not, and sleeps without a timeout while nothing goes on anywhere.
/// </summary>
/// <remarks>
/// Sleeping. The thread prepares its parker, tells everything sampled to wake it from now on, lets every thread of the process pass a fence, and looks once
/// more whether anything goes on. What begins to go on says so first and then looks whether it has to wake the thread. So one sees the other.
/// Joining and leaving are done by whoever wants to; leaving takes effect when the thread has looked a last time, so that nothing is left untold.
/// </remarks>
internal static class Sampler
{
    // The kernel shows 15 bytes of it.
    private const string ThreadName = "vigil-watchdog";

    private static readonly Lock Gate = new();

    // Replaced under the gate, never changed.
    private static volatile Sampled[] _all = [];
    private static Parker? _parker;
    private static bool _isRunning;

    public static void Add(Sampled sampled)
    {
        lock (Gate)
        {
            // The thread first, which cannot end before the gate is free: where none can be had, nothing has changed.
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

    /// <summary>Lets the thread look at everything that has to do with it, now. Any thread.</summary>
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
            bool isIdle = true;
            foreach (Sampled sampled in _all)
            {
                bool isLast = sampled.IsRetired;
                // By a clock that is read anew each time: a handler of what the one before had to tell may have taken long.
                sampled.SampleIfDue(MonotonicClock.NowNanoseconds);
                if (isLast)
                {
                    Drop(sampled);
                }
                else
                {
                    next = Math.Min(next, sampled.NextAt);
                    isIdle &= sampled.IsIdle;
                }
            }

            if (!isIdle)
            {
                // Whatever is due already, a moment of sleep is left for others where the machine is too slow for the period.
                const long Shortest = 100_000;
                parker.Park(Math.Max(next - MonotonicClock.NowNanoseconds, Shortest));
            }
            else if (!Sleep(parker))
            {
                return;
            }
        }
    }

    // False where nothing is left to look at, and the thread ends.
    private static bool Sleep(Parker parker)
    {
        Sampled[] all = _all;
        if (all.Length == 0)
        {
            lock (Gate)
            {
                _isRunning = _all.Length > 0;
                return _isRunning;
            }
        }

        Array.ForEach(all, sampled => sampled.Park(isParked: true));
        Interlocked.MemoryBarrierProcessWide();
        if (Array.TrueForAll(all, sampled => sampled.IsQuiet && !sampled.IsRetired))
        {
            parker.Park(-1);
        }

        foreach (Sampled sampled in all)
        {
            sampled.Park(isParked: false);
            sampled.LookNow();
        }

        return true;
    }

    private static void Drop(Sampled sampled)
    {
        lock (Gate)
        {
            _all = Array.FindAll(_all, other => other != sampled);
        }
    }
}
