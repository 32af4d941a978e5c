using System.Globalization;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// The one wait for a child of this process that <see cref="System.Diagnostics.Process"/> did not start. All events in the process that
/// watch the child share it, on any manager: the kernel gives a child's status only to the first to wait, which
/// stores it here for the others.
/// </summary>
/// <remarks>
/// <para>Waits are found by process id. An id names a child until the child is reaped. So an event opens the process, checks
/// that it is an unreaped child, and joins, all under one lock; and the status is taken, and the id given up, under the
/// same lock. An event that opened the process before that has joined the wait by then and finds the status in it; a later one finds no
/// such process.</para>
/// <para>Foreign code may reap a child, too, and the system then reuses its id. So a wait that is found is joined only if its
/// own child, which the descriptors of its events identify, can still be waited for.</para>
/// <para>Nothing blocks under the lock: the kernel is only queried.</para>
/// </remarks>
internal sealed class SharedWait
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, SharedWait> Waits = [];

    private readonly int _processId;
    private readonly List<FdHandle> _holders = [];
    private ProcessStatus? _status;

    private SharedWait(int processId) => _processId = processId;

    /// <summary>Opens a process by its id, and joins the wait for it if it is a child; null if it is none.</summary>
    /// <param name="processId">The id.</param>
    /// <param name="pidFd">The descriptor, which the caller owns.</param>
    /// <exception cref="EventManagerException">The process cannot be opened, or cannot be queried.</exception>
    public static SharedWait? Join(int processId, out FdHandle pidFd)
    {
        using (Uninterrupted.Enter(Gate))
        {
            pidFd = SystemProcesses.OpenExisting(processId);
            return Join(processId, pidFd);
        }
    }

    /// <summary>As the other overload, by a descriptor of the process.</summary>
    public static SharedWait? Join(FdHandle pidFd)
    {
        // The child had this id when it was read, and keeps it if it is still unreaped under the lock.
        int processId = IdOf(pidFd);
        using (Uninterrupted.Enter(Gate))
        {
            return Join(processId, pidFd);
        }
    }

    /// <summary>
    /// Takes the child's status, or gets it from the event that took it. Returns an errno: ECHILD if the child was reaped outside of these
    /// events.
    /// </summary>
    /// <param name="pidFd">The child.</param>
    /// <param name="status">How it ended; null while it runs, or until its tracer has been notified.</param>
    public int Take(FdHandle pidFd, out ProcessStatus? status)
    {
        using (Uninterrupted.Enter(Gate))
        {
            int errno = Errno.Success;
            if (_status is null)
            {
                errno = PidFdNative.Wait(pidFd.Number, reap: true, out _status);
                if (_status is not null)
                {
                    GiveUpId();
                }
            }

            status = _status;
            return errno;
        }
    }

    /// <summary>Leaves the wait, before the descriptor is closed.</summary>
    public void Leave(FdHandle pidFd)
    {
        using (Uninterrupted.Enter(Gate))
        {
            _holders.Remove(pidFd);
            if (_holders.Count == 0)
            {
                GiveUpId();
            }
        }
    }

    private static SharedWait? Join(int processId, FdHandle pidFd)
    {
        int errno = PidFdNative.Wait(pidFd.Number, reap: false, out _);
        if (errno == Errno.ECHILD)
        {
            return null;
        }

        if (errno != Errno.Success)
        {
            int number = pidFd.Number;
            pidFd.Dispose();
            throw new EventManagerException(
                EventManagerError.System,
                $"waitid failed for a process that was to be watched: {Errno.Describe(errno)}.",
                number,
                errno);
        }

        if (!Waits.TryGetValue(processId, out SharedWait? wait) || !wait.CanBeTaken)
        {
            wait = new SharedWait(processId);
            Waits[processId] = wait;
        }

        wait._holders.Add(pidFd);
        return wait;
    }

    private bool CanBeTaken => PidFdNative.Wait(_holders[0].Number, reap: false, out _) == Errno.Success;

    private void GiveUpId()
    {
        if (Waits.GetValueOrDefault(_processId) == this)
        {
            Waits.Remove(_processId);
        }
    }

    // Every kernel has this in fdinfo (proc(5)). If it cannot be read, the descriptor gets a wait of its own, under a negative number that
    // no other has.
    private static int IdOf(FdHandle pidFd)
    {
        try
        {
            // /proc may be of an outer namespace, where ids differ (pid_namespaces(7)). NSpid lists an id for each namespace from that one
            // inwards, so the number of this process's own ids gives the position of its namespace. Kernels without such namespaces have no
            // such line.
            int depth = Numbers("/proc/self/status", "NSpid:").Length;
            string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{pidFd.Number}");
            int[] ids = depth > 0 ? Numbers(path, "NSpid:") : [];
            int id = ids.Length >= depth && depth > 0 ? ids[depth - 1] : Numbers(path, "Pid:").FirstOrDefault();
            return id > 0 ? id : -1 - pidFd.Number;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // No /proc here.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            pidFd.Dispose();
            throw FdHandle.Failed(
                "Reading /proc/self/fdinfo, to see whose descriptor this is,",
                exception is IOException ? exception.HResult : Errno.EACCES);
        }

        return -1 - pidFd.Number;
    }

    // None if there is no such line.
    private static int[] Numbers(string path, string name)
    {
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return
                [
                    .. line[name.Length..]
                        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                        .Select(number => int.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)),
                ];
            }
        }

        return [];
    }
}
