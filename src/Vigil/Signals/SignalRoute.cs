namespace Vigil;

/// <summary>The way on which a signal comes to its callbacks.</summary>
public enum SignalRoute
{
    /// <summary>
    /// Through the runtime (<see cref="System.Runtime.InteropServices.PosixSignalRegistration"/>): works in every program. Says neither
    /// who sent the signal nor with what value, and keeps no order between signals.
    /// </summary>
    Runtime,

    /// <summary>
    /// Through <c>signalfd(2)</c>, where every thread has the signal blocked from the start: with sender and value, in the kernel's
    /// order, real-time signals one by one.
    /// </summary>
    SignalFd,
}
