using System.Runtime.InteropServices;

namespace MetricsGateway.Network;

/// <summary>Turns SIGINT and SIGTERM into a request to stop.</summary>
/// <remarks>
/// One request often comes as several signals within moments: from a terminal to its whole group, from a supervisor to all of a
/// service's processes, passed on by <c>dotnet run</c>. They are taken together. A signal that comes later finds that stopping
/// takes too long, and does what it does without a handler: nobody is locked out.
/// </remarks>
internal sealed class StopSignals : IDisposable
{
    private const long PatienceMilliseconds = 2_000;
    private const long NoneYet = -1;

    private readonly Action _stop;
    private readonly PosixSignalRegistration[] _registrations;
    private long _firstSignal = NoneYet;

    /// <param name="stop">Called once at most, by a thread of the runtime's.</param>
    public StopSignals(Action stop)
    {
        _stop = stop;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        long now = Environment.TickCount64;
        long first = Interlocked.CompareExchange(ref _firstSignal, now, NoneYet);
        context.Cancel = first == NoneYet || now - first < PatienceMilliseconds;
        if (first == NoneYet)
        {
            _stop();
        }
    }
}
