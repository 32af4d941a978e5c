using System.Diagnostics;
using System.Runtime.InteropServices;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>The processes of the system.</summary>
internal sealed class SystemProcesses : ProcessOrigin
{
    /// <summary>Opens a process that must exist.</summary>
    /// <exception cref="EventManagerException">It does not, or the kernel refused.</exception>
    public static FdHandle OpenExisting(int processId) => TryOpen(processId) ?? throw NotFound(processId, Errno.ESRCH);

    /// <summary>The exception for an id that names no process.</summary>
    public static EventManagerException NotFound(int processId, int errno) => new(
        EventManagerError.ProcessNotFound,
        $"There is no process {processId}: it has ended and was waited for, or the number is a thread's.",
        errno: errno);

    public override OpenedProcess Open(Process process)
    {
        int id = process.Id;
        SignalRules.RequireChildSignal();
        bool isStartedByRuntime = RuntimeProcessEnd.IsStartedBy(process);
        FdHandle? pidFd = null;
        Process? view = null;
        try
        {
            // Until the runtime has noticed the process's end, its id is nobody else's. So the runtime is asked again after each use of the
            // id.
            pidFd = process.HasExited ? null : TryOpen(id);
            if (process.HasExited)
            {
                pidFd?.Dispose();
                pidFd = null;
            }

            bool isChild = pidFd is not null && IsChild(pidFd);

            // Last: it takes a reference to the runtime's record of the process, which is released with the last reference.
            view = process.HasExited ? null : View(id, isStartedByRuntime);
            if (pidFd is null || view is null || process.HasExited)
            {
                ChildExit exit = RuntimeProcessEnd.ExitOf(process, pidFd);
                pidFd?.Dispose();
                view?.Dispose();
                return OpenedProcess.Ended(id, exit);
            }

            return new OpenedProcess(id, new RuntimeProcessEnd(view, isStartedByRuntime, isChild), pidFd);
        }
        catch
        {
            pidFd?.Dispose();
            view?.Dispose();
            throw;
        }
    }

    public override OpenedProcess Open(int processId)
    {
        SharedWait? wait = SharedWait.Join(processId, out FdHandle pidFd);
        return new OpenedProcess(processId, new ChildEnd(wait, pidFd), pidFd);
    }

    public override OpenedProcess Open(SafeHandle pidFd)
    {
        using var fd = new BorrowedDescriptor(pidFd);
        int errno = fd.Number < 0 ? Errno.EBADF : PidFdNative.Wait(fd.Number, reap: false, out _);
        if (errno is not (Errno.Success or Errno.ECHILD))
        {
            throw errno is Errno.EBADF or Errno.EINVAL
                ? new EventManagerException(
                    EventManagerError.InvalidDescriptor,
                    $"fd {fd.Number} is no process's descriptor (pidfd_open(2)): {Errno.Describe(errno)}.",
                    fd.Number,
                    errno)
                : new EventManagerException(
                    EventManagerError.System,
                    $"waitid failed for the process of fd {fd.Number}: {Errno.Describe(errno)}.",
                    fd.Number,
                    errno);
        }

        // A duplicate, so that the caller may close the original at any time.
        int duplicate = FileNative.Duplicate(fd.Number, out int failure);
        var own = new FdHandle(FdHandle.Created(duplicate, failure, "fcntl(F_DUPFD_CLOEXEC)"));
        return new OpenedProcess(null, new ChildEnd(SharedWait.Join(own), own), own);
    }

    private static FdHandle? TryOpen(int processId)
    {
        int fd = PidFdNative.Open(processId, out int errno);
        return errno switch
        {
            Errno.ESRCH => null,

            // For a thread's id: EINVAL, or ENOENT on newer kernels.
            Errno.EINVAL or Errno.ENOENT => throw NotFound(processId, errno),
            _ => new FdHandle(FdHandle.Created(fd, errno, "pidfd_open")),
        };
    }

    // Whether it is a child of this process that has not been reaped.
    private static bool IsChild(FdHandle pidFd)
    {
        int errno = PidFdNative.Wait(pidFd.Number, reap: false, out _);
        return errno is Errno.Success or Errno.ECHILD
            ? errno == Errno.Success
            : throw new EventManagerException(
                EventManagerError.System,
                $"waitid failed for a process that was to be watched: {Errno.Describe(errno)}.",
                pidFd.Number,
                errno);
    }

    // Another object for the same process, which does not depend on the caller's object and its disposal. Null if the process has ended
    // meanwhile. The handle lets the object return the exit code of a process that it did not start itself.
    private static Process? View(int processId, bool isStartedByRuntime)
    {
        Process? view = null;
        try
        {
            view = Process.GetProcessById(processId);
            _ = isStartedByRuntime ? view.SafeHandle : null;
            return view;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            view?.Dispose();
            return null;
        }
    }
}
