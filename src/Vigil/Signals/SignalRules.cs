using System.Globalization;
using Vigil.Interop;

namespace Vigil;

/// <summary>Which signals a program on this runtime can handle, on which path, and what to do about the others.</summary>
internal static class SignalRules
{
    // A check that failed, for want of descriptors, is repeated by the next caller.
    private static readonly Lazy<bool> IsChildSignalBlocked =
        new(() => SignalStatus.Of(Signal.SIGCHLD).IsBlockedEverywhere, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>The path on which a signal can be handled.</summary>
    /// <exception cref="EventManagerException">It cannot be handled; the message says why and what to do.</exception>
    public static SignalRoute RouteOf(Signal signal)
    {
        RequireUsable(signal);
        SignalStatus status = SignalStatus.Of(signal);
        string name = signal.Name;
        string option = ShortName(signal);
        if (status.IsIgnored)
        {
            throw new EventManagerException(
                EventManagerError.SignalIgnored,
                $"{name} is ignored: whoever started this program said so (nohup, or '&' in a script), so it never arrives. "
                    + $"To handle it, start the program with 'env --default-signal={option}'.");
        }

        if (!status.IsBlockedSomewhere)
        {
            return SignalRoute.Runtime;
        }

        if (!status.IsBlockedEverywhere)
        {
            throw new EventManagerException(
                EventManagerError.SignalBlocked,
                $"{name} is blocked on {status.BlockedThreads} of {status.Threads} threads: "
                    + "whether it is seen would depend on which one the kernel chooses. "
                    + $"Block it before the program starts ('env --block-signal={option}', or SignalBlocking.Restart), or nowhere.");
        }

        return signal == Signal.SIGCHLD ? throw BlockedChild() : SignalRoute.SignalFd;
    }

    /// <summary>Refuses signals that must not be handled, and those that must not be blocked.</summary>
    public static void RequireBlockable(Signal signal)
    {
        RequireUsable(signal);
        if (signal == Signal.SIGCHLD)
        {
            throw BlockedChild();
        }
    }

    /// <summary>
    /// Refuses to wait for the runtime's children if SIGCHLD is blocked, since the runtime would never notice their end. The mask that a
    /// program was started with does not change, so one check is enough.
    /// </summary>
    public static void RequireChildSignal()
    {
        if (IsChildSignalBlocked.Value)
        {
            throw BlockedChild();
        }
    }

    /// <summary>Its name for <c>env(1)</c> and <c>kill(1)</c>.</summary>
    public static string ShortName(Signal signal) =>
        signal.Name.StartsWith("SIG", StringComparison.Ordinal) ? signal.Name[3..] : signal.Name;

    /// <summary>Whether <see cref="RequireBlockable"/> would accept it.</summary>
    public static bool IsBlockable(Signal signal) => ObstacleTo(signal, SignalNative.FirstRealTime) is null && signal != Signal.SIGCHLD;

    /// <summary>Refuses <c>default</c>.</summary>
    public static void RequireSignal(Signal signal)
    {
        if (signal.Number == 0)
        {
            throw new ArgumentException("This is no signal: default(Signal) names none.", nameof(signal));
        }
    }

    /// <summary>Refuses signals that no program can handle.</summary>
    /// <exception cref="EventManagerException">It is one of them.</exception>
    public static void RequireUsable(Signal signal)
    {
        RequireSignal(signal);
        if (ObstacleTo(signal, SignalNative.FirstRealTime) is { } why)
        {
            throw new EventManagerException(EventManagerError.SignalReserved, $"{signal.Name} cannot be handled: {why}.");
        }
    }

    /// <summary>
    /// Why a signal cannot be handled, given the first real-time signal that the C library leaves to programs; null if it can.
    /// </summary>
    internal static string? ObstacleTo(Signal signal, int firstRealTime) => signal.Number switch
    {
        9 or 19 => "no program can handle it (signal(7)). To clean up at the end, handle SIGTERM",
        31 => "a filter of system calls (seccomp(2)) stops a thread by it for a forbidden call. Allow the call",
        4 or 5 or 7 or 8 or 11 =>
            "the processor reports a thread's own fault by it, and the runtime turns it into an exception. Catch the exception",
        6 => "it aborts a program after an internal error, and the runtime writes its dump then. "
            + "Use AppDomain.UnhandledException to see the exception before",
        13 => "the runtime ignores it. Writing to a pipe or socket whose reader is gone fails with EPIPE instead: handle that",
        >= 32 and var number when number < firstRealTime => $"it is the C library's own (nptl(7)). Use {RealTimeSignals(firstRealTime)}",
        var number when number == firstRealTime => $"the runtime interrupts its threads with it. Use {RealTimeSignals(firstRealTime)}",
        _ => null,
    };

    private static string RealTimeSignals(int firstRealTime) =>
        string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+1 to SIGRTMIN+{64 - firstRealTime}");

    private static EventManagerException BlockedChild() => new(
        EventManagerError.SignalBlocked,
        "SIGCHLD must not be blocked: the runtime learns by it of children that ended, and Process.WaitForExit hangs without it. "
            + "Start the program without blocking it.");
}
