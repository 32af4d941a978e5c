using Vigil.IO;

namespace Vigil.Benchmarks.Workloads;

/// <summary>Eventfds by the thousand.</summary>
internal static class EventFds
{
    /// <summary>Creates all or none. The runtime has raised the soft limit of open files to the hard limit at its start.</summary>
    /// <exception cref="EventManagerException">The hard limit (<c>ulimit -Hn</c>) does not allow that many.</exception>
    public static EventFd[] Create(int count, Func<int, bool> isReady)
    {
        var descriptors = new EventFd[count];
        try
        {
            for (int i = 0; i < count; i++)
            {
                descriptors[i] = new EventFd(isReady(i) ? 1u : 0u);
            }
        }
        catch
        {
            Dispose(descriptors);
            throw;
        }

        return descriptors;
    }

    public static void Dispose(EventFd[] descriptors)
    {
        foreach (EventFd? descriptor in descriptors)
        {
            descriptor?.Dispose();
        }
    }
}
