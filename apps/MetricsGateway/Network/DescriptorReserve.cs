using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>File descriptors that are held back, so that the listeners notice that they run out while there are some left.</summary>
/// <remarks>
/// The runtime needs descriptors itself, at moments of its own: to load an assembly, to look into /proc, and to start a thread,
/// which is what it does for every SIGTERM. Where it gets none, it aborts the process. So when a listener finds none any more,
/// the reserve is released for the runtime, and until it can be restored, new connections are refused.
/// </remarks>
internal sealed class DescriptorReserve : IDisposable
{
    private const int Size = 8;

    // Trying takes whatever is left, if only for microseconds; under a storm of connections that must not be all the time.
    private const long RetryMilliseconds = 100;

    private readonly List<EventFd> _held = new(Size);
    private long _nextTry;

    /// <exception cref="EventManagerException">There are not enough descriptors to begin with.</exception>
    public DescriptorReserve()
    {
        Fill();
    }

    private bool IsWhole => _held.Count == Size;

    /// <summary>Makes the reserve whole again, if it is not.</summary>
    /// <returns>False if there are not enough descriptors, or were not a moment ago.</returns>
    public bool TryRestore()
    {
        if (IsWhole)
        {
            return true;
        }

        long now = Environment.TickCount64;
        if (now < _nextTry)
        {
            return false;
        }

        _nextTry = now + RetryMilliseconds;
        try
        {
            Fill();
            return true;
        }
        catch (EventManagerException)
        {
            return false;
        }
    }

    public void Release()
    {
        _held.ForEach(descriptor => descriptor.Dispose());
        _held.Clear();
    }

    public void Dispose() => Release();

    private void Fill()
    {
        try
        {
            while (!IsWhole)
            {
                _held.Add(new EventFd());
            }
        }
        catch
        {
            Release();
            throw;
        }
    }
}
