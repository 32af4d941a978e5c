using System.Runtime.InteropServices;
using Vigil.Interop;

namespace Vigil.Signals;

/// <summary>
/// Catches the signals that come while threads have them unblocked to start processes: under a handler of the runtime's a signal does not take its
/// default action. There is one for all threads that start processes at once, since each handler of a signal hears of it, and it must count once.
/// </summary>
/// <remarks>
/// A caught signal goes to whoever handles it. One that nobody handles is kept, and sent again when no thread has it unblocked any
/// more: then it is pending, as it would have been. Neither lock is held while the other is taken, and nothing foreign runs under this one.
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
                Nets[signal.Number] ??= PosixSignalRegistration.Create((PosixSignal)signal.Number, OnSignal);
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

            // One that the runtime has not come to yet it sends again without its handler: then it is pending, too.
            foreach (PosixSignalRegistration? net in Nets)
            {
                net?.Dispose();
            }

            Array.Clear(Nets);
            Kept.ForEach(signal => SignalNative.Raise(signal.Number));
            Kept.Clear();
        }
    }

    private static void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Signal signal = context.Signal;
        if (SignalHub.PostPastDescriptor(signal))
        {
            return;
        }

        lock (Gate)
        {
            if (_starters > 0)
            {
                Kept.Add(signal);
                return;
            }
        }

        SignalNative.Raise(signal.Number);
    }
}
