using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Vigil.Benchmarks.Posts;

/// <summary>Signals that the process sends to itself, from sending to the end of their callbacks.</summary>
internal static partial class SignalRounds
{
    /// <summary>The signal that must be blocked from the start (<see cref="SignalBlocking.Restart"/>) to come through signalfd.</summary>
    public static readonly Signal Blocked = Signal.RealTime(3);

    private static readonly Signal Unblocked = Signal.SIGUSR1;

    /// <summary>Real-time signals in bursts, through signalfd; nanoseconds each.</summary>
    public static double MeasureSignalFd(int count, int burst)
    {
        using var manager = new EventManager();
        int seen = 0;
        using SignalEvent signalEvent = manager.CreateSignalEvent(Blocked, (_, _) => seen++);
        long start = Stopwatch.GetTimestamp();
        int sent = 0;
        while (sent + burst <= count)
        {
            for (int i = 0; i < burst; i++)
            {
                Require(sigqueue(Environment.ProcessId, Blocked.Number, i));
            }

            sent += burst;
            while (seen < sent)
            {
                manager.RunOnce();
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / sent;
    }

    /// <summary>One signal after the other on the runtime's path; nanoseconds each.</summary>
    public static double MeasureRuntime(int count)
    {
        using var manager = new EventManager();
        int seen = 0;
        using SignalEvent signalEvent = manager.CreateSignalEvent(Unblocked, (_, _) => seen++);
        long start = Stopwatch.GetTimestamp();
        for (int i = 1; i <= count; i++)
        {
            Require(kill(Environment.ProcessId, Unblocked.Number));
            while (seen < i)
            {
                manager.RunOnce();
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    /// <summary>The same without a manager: the handler itself, which a thread waits for; nanoseconds each.</summary>
    public static double MeasureRegistration(int count)
    {
        using var came = new AutoResetEvent(initialState: false);
        using PosixSignalRegistration registration = PosixSignalRegistration.Create((PosixSignal)Unblocked.Number, context =>
        {
            context.Cancel = true;
            came.Set();
        });
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            Require(kill(Environment.ProcessId, Unblocked.Number));
            came.WaitOne();
        }

        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }

    private static void Require(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException("A signal could not be sent: is the limit of pending signals (ulimit -i) too low?");
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int sigqueue(int process, int signal, nint value);
}
