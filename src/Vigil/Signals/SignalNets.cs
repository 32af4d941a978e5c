using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// Catches signals that arrive while threads have them unblocked to start processes: with a handler of the runtime's, a signal does not
/// take its default action. All threads that start processes share one net, since each handler receives a signal, and it must count once.
/// </summary>
/// <remarks>
/// <para>A caught signal goes to its handlers. One without handlers is kept, and sent again when no thread has it unblocked any
/// more: then it is pending, as it would have been. A start may hang, while the program's file is on a server that does not answer, so what
/// is kept is bounded (<see cref="KeptSignals"/>); nobody is notified of more. The two locks never nest, and no foreign code runs under
/// this one.</para>
/// <para>A net is never removed. The runtime handles a caught signal later, on its own thread. If it finds no handler left,
/// it restores the default action and sends the signal again: if another thread is starting a process then, that would end the program.
/// While a signal is blocked everywhere the net catches nothing. Where it is not, the net leaves signals without handlers to the default
/// action, which the runtime does not perform for SIGTSTP, SIGTTIN and SIGTTOU.</para>
/// </remarks>
internal static class SignalNets
{
    private static readonly Lock Gate = new();
    private static readonly PosixSignalRegistration?[] Nets = new PosixSignalRegistration?[65];
    private static readonly KeptSignals Kept = new();
    private static int _starters;

    /// <summary>A thread is about to unblock signals. <see cref="Leave"/> ends it, also if this throws.</summary>
    public static void Enter(IEnumerable<Signal> signals)
    {
        using (Uninterrupted.Enter(Gate))
        {
            _starters++;
            foreach (Signal signal in signals)
            {
                Nets[signal.Number] ??= SignalHub.Register(signal, OnSignal);
            }
        }
    }

    /// <summary>The thread has blocked its signals again.</summary>
    public static void Leave()
    {
        using (Uninterrupted.Enter(Gate))
        {
            _starters--;
            if (_starters > 0)
            {
                return;
            }

            for (int number = 1; number < Nets.Length; number++)
            {
                Raise(number, Kept.Take(new Signal(number)));
            }
        }
    }

    /// <summary>A signal has a handler from now on: posts what was kept of it. Not under the hub's lock.</summary>
    public static void HandOver(Signal signal)
    {
        int count;
        using (Uninterrupted.Enter(Gate))
        {
            count = Kept.Take(signal);
        }

        for (int i = 0; i < count; i++)
        {
            if (SignalHub.PostPastDescriptor(signal) != SignalRoute.SignalFd)
            {
                // The handler is gone again: makes the signal pending, as it would have been.
                SignalNative.Raise(signal.Number);
            }
        }
    }

    // If it cancels nothing, the other handlers decide on the default action: all handlers of a signal share one context.
    private static void OnSignal(PosixSignalContext context)
    {
        Signal signal = context.Signal;
        SignalRoute? path = SignalHub.PostPastDescriptor(signal);
        if (path == SignalRoute.SignalFd || (path is null && TryKeepPending(signal)))
        {
            context.Cancel = true;
            if (path is null && SignalHub.IsHandled(signal))
            {
                // It got a handler since the check above, which may have found nothing kept.
                HandOver(signal);
            }
        }
    }

    // False if a thread has it unblocked though none starts a process: it would be caught there each time it is sent again. No thread
    // can unblock signals to start a process during the check. If the check fails, for want of descriptors, the signal waits for the next
    // start.
    private static bool TryKeepPending(Signal signal)
    {
        using (Uninterrupted.Enter(Gate))
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

    private static void Raise(int number, int count)
    {
        for (int i = 0; i < count; i++)
        {
            SignalNative.Raise(number);
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
