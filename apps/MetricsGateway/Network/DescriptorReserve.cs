using Vigil;
using Vigil.IO;

namespace MetricsGateway.Network;

/// <summary>File descriptors that are held back, so that the listeners notice a shortage while some are left.</summary>
/// <remarks>
/// The runtime needs descriptors itself, at any moment: to load an assembly, to read /proc, and to start a thread, which it does for every
/// SIGTERM. If it gets none, it aborts the process. So when a listener finds none left, the reserve is released for the runtime, and new
/// connections are refused until the reserve can be restored.
/// </remarks>
internal sealed class DescriptorReserve : IDisposable
{
    private const int Size = 8;

    // An attempt takes all remaining descriptors, if only for microseconds; a storm of connections must not make that permanent.
    private const long RetryMilliseconds = 100;

    private readonly List<EventFd> _held = new(Size);
    private long _nextTry;

    /// <exception cref="EventManagerException">There are not enough descriptors at the start.</exception>
    public DescriptorReserve()
    {
        Fill();
    }

    private bool IsWhole => _held.Count == Size;

    /// <summary>Fills the reserve again, if it is not full.</summary>
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
