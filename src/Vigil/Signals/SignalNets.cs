using System.Runtime.InteropServices;
using Vigil.Interop;

namespace Vigil;

/// <summary>
/// Catches the signals that come while threads have them unblocked to start processes: under a handler of the runtime's a signal does not take its
/// default action. There is one for all threads that start processes at once, since each handler of a signal hears of it, and it must count once.
/// </summary>
/// <remarks>
/// <para>A caught signal goes to whoever handles it. One that nobody handles is kept, and sent again when no thread has it unblocked any
/// more: then it is pending, as it would have been. Neither lock is held while the other is taken, and nothing foreign runs under this one.</para>
/// <para>A net stays once it is there. The runtime looks at a caught signal later, on a thread of its own, and where it finds no handler left
/// it puts the default action back and sends the signal again: another thread that starts a process by then would end the program.
/// While a signal is blocked everywhere the net catches nothing, and where it is not it leaves to the default action what nobody handles; of
/// SIGTSTP, SIGTTIN and SIGTTOU the runtime then makes nothing.</para>
/// </remarks>
internal static class SignalNets
{
    private static readonly Lock Gate = new();
    private static readonly PosixSignalRegistration?[] Nets = new PosixSignalRegistration?[65];
    private static readonly List<Signal> Kept = [];
    private static int _starters;

    /// <summary>A thread is about to unblock signals. Ended by <see cref="Leave"/>, also where this throws.</summary>
    public static void Enter(IEnumerable<Signal> signals)
    {
        lock (Gate)
        {
            _starters++;
            foreach (Signal signal in signals)
            {
                Nets[signal.Number] ??= SignalHub.Register(signal, OnSignal);
            }
        }
    }

    /// <summary>The thread has its signals blocked again.</summary>
    public static void Leave()
    {
        lock (Gate)
        {
            _starters--;
            if (_starters > 0)
            {
                return;
            }

            Kept.ForEach(signal => SignalNative.Raise(signal.Number));
            Kept.Clear();
        }
    }

    /// <summary>A signal is handled from now on: what was kept of it is posted. Not under the hub's lock.</summary>
    public static void HandOver(Signal signal)
    {
        int count;
        lock (Gate)
        {
            count = Kept.RemoveAll(kept => kept == signal);
        }

        for (int i = 0; i < count; i++)
        {
            if (SignalHub.PostPastDescriptor(signal) != SignalRoute.SignalFd)
            {
                // Gone again meanwhile: pending, as it would have been.
                SignalNative.Raise(signal.Number);
            }
        }
    }

    // Where it cancels nothing, the default action is for the other handlers to decide on: all of a signal's share one context.
    private static void OnSignal(PosixSignalContext context)
    {
        Signal signal = context.Signal;
        SignalRoute? path = SignalHub.PostPastDescriptor(signal);
        if (path == SignalRoute.SignalFd || (path is null && TryKeepPending(signal)))
        {
            context.Cancel = true;
            if (path is null && SignalHub.IsHandled(signal))
            {
                // Handled since the look above, by somebody who may have found nothing kept.
                HandOver(signal);
            }
        }
    }

    // False where a thread has it unblocked though none starts a process: there it would be caught as often as it is sent again. No thread
    // can unblock signals to start a process during the look. Where it fails, for want of descriptors, the signal waits for the next start.
    private static bool TryKeepPending(Signal signal)
    {
        lock (Gate)
        {
            if (_starters > 0 || !TryLook(signal, out SignalStatus status))
            {
                Kept.Add(signal);
                return true;
            }

            if (status.IsBlockedEverywhere)
            {
                SignalNative.Raise(signal.Number);
            }

            return status.IsBlockedEverywhere;
        }
    }

    private static bool TryLook(Signal signal, out SignalStatus status)
    {
        try
        {
            status = SignalStatus.AtThisMoment(signal);
            return true;
        }
        catch (EventManagerException)
        {
            status = default;
            return false;
        }
    }
}
