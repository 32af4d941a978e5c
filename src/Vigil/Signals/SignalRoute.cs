namespace Vigil;

/// <summary>How a signal reaches its callbacks.</summary>
public enum SignalRoute
{
    /// <summary>
    /// Through the runtime (<see cref="System.Runtime.InteropServices.PosixSignalRegistration"/>). Works in every program. Reports neither
    /// sender nor value, and keeps no order between signals.
    /// </summary>
    Runtime,

    /// <summary>
    /// Through <c>signalfd(2)</c>, if every thread has the signal blocked from the start. Reports sender and value, in the kernel's
    /// order, real-time signals one by one.
    /// </summary>
    SignalFd,

    /// <summary>From the simulated process that the poller stands for (<see cref="IVirtualSignals"/>), with all that it reports.</summary>
    Simulated,
}
