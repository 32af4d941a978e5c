using System.Globalization;
using Vigil.Collections;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The one wait for a child of this process that <see cref="System.Diagnostics.Process"/> did not start. Every event of the process that
/// watches the child shares it, on whichever manager: the kernel gives a child's status to whoever waits first and to nobody else, so
/// whoever gets it leaves it here for the others.
/// </summary>
/// <remarks>
/// <para>Waits are found by process id. An id names a child for as long as nobody has waited for it. So an event opens the process, sees
/// that it is a child that nobody has waited for, and joins, all under one lock; and the status is taken, and the id given up, under the
/// same lock. Who opened the process before that has joined the wait by then and finds the status in it; who comes later finds no such
/// process.</para>
/// <para>Foreign code may wait for a child, too, and the system then gives its id to another. So a wait that is found is joined only if its
/// own child, which the descriptors of its events name for certain, can still be waited for.</para>
/// <para>Nothing waits under the lock: the kernel is only asked what is there.</para>
/// </remarks>
internal sealed class SharedWait
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, SharedWait> Waits = [];

    private readonly int _processId;
    private readonly List<FdHandle> _holders = [];
    private ProcessStatus? _status;

    private SharedWait(int processId) => _processId = processId;

    /// <summary>Opens a process by its id, and joins the wait for it if it is a child; null where it is none.</summary>
    /// <param name="processId">The id.</param>
    /// <param name="pidFd">What was opened. The caller's.</param>
    /// <exception cref="EventManagerException">The process cannot be opened, or not be asked for.</exception>
    public static SharedWait? Join(int processId, out FdHandle pidFd)
    {
        lock (Gate)
        {
            pidFd = LoopChildren.Open(processId);
            return Join(processId, pidFd);
        }
    }

    /// <summary>As the other, by a descriptor of the process.</summary>
    public static SharedWait? Join(FdHandle pidFd)
    {
        // The child had this id when it was read, and keeps it if nobody has waited for it under the lock.
        int processId = IdOf(pidFd);
        lock (Gate)
        {
            return Join(processId, pidFd);
        }
    }

    /// <summary>
    /// Takes the child's status, or has it from whoever took it. Returns an errno: ECHILD where somebody else than these events has waited
    /// for the child.
    /// </summary>
    /// <param name="pidFd">The child.</param>
    /// <param name="status">How it ended; null while it runs, or while its tracer has not been told.</param>
    public int Take(FdHandle pidFd, out ProcessStatus? status)
    {
        lock (Gate)
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

    /// <summary>Ends what the joining began, before the descriptor is closed.</summary>
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
            throw new EventManagerException(EventManagerError.System, $"waitid failed for a process that was to be watched: {Errno.Describe(errno)}.", number, errno);
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

    // What proc(5) calls fdinfo has it on every kernel. Where it cannot be read, the descriptor's own wait is nobody else's: the number is
    // negative and no other's.
    private static int IdOf(FdHandle pidFd)
    {
        try
        {
            // /proc may be of a namespace further out, where ids are others (pid_namespaces(7)). NSpid has an id for each namespace from that one inwards, so this
            // process's own ids say at which place its namespace is. Where the kernel has no such namespaces, there is no such line.
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
            throw FdHandle.Failed("Reading /proc/self/fdinfo, to see whose descriptor this is,", exception is IOException ? exception.HResult : Errno.EACCES);
        }

        return -1 - pidFd.Number;
    }

    // None where there is no such line.
    private static int[] Numbers(string path, string name)
    {
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return [.. line[name.Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))];
            }
        }

        return [];
    }
}
