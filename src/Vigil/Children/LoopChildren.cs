using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>Makes the child events of a loop, and ends them with the loop.</summary>
internal sealed class LoopChildren
{
    // At disposal, for killed processes: long enough for one that waits for a busy processor to end. One in an uninterruptible
    // system call may take longer, and is left to the system.
    private const int PatienceMilliseconds = 10_000;

    private readonly LoopCore _core;
    private readonly LoopWorkers _workers;

    // Those that have not released their process, or have not yet reported its end.
    private readonly HashSet<ChildEvent> _watched = [];

    public LoopChildren(LoopCore core, LoopWorkers workers)
    {
        _core = core;
        _workers = workers;
    }

    public ChildEvent Create(Process process, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ArgumentNullException.ThrowIfNull(process);
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
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
                var ended = new ChildEvent(_core, this, _workers, id, end: null, pidFd: null, callback, options);
                ended.StartEnded(RuntimeProcessEnd.ExitOf(process, pidFd));
                _watched.Add(ended);
                pidFd?.Dispose();
                view?.Dispose();
                return ended;
            }

            return Start(new ChildEvent(
                _core, this, _workers, id, new RuntimeProcessEnd(view, isStartedByRuntime, isChild), pidFd, callback, options));
        }
        catch
        {
            pidFd?.Dispose();
            view?.Dispose();
            throw;
        }
    }

    public ChildEvent Create(int processId, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        SharedWait? wait = SharedWait.Join(processId, out FdHandle pidFd);
        return Start(new ChildEvent(_core, this, _workers, processId, new ChildEnd(wait, pidFd), pidFd, callback, options));
    }

    public ChildEvent Create(SafeHandle pidFd, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ArgumentNullException.ThrowIfNull(pidFd);
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
        if (pidFd is SafeProcessHandle)
        {
            throw new ArgumentException(
                "A SafeProcessHandle holds a process's id, not its descriptor. Watch the Process itself.", nameof(pidFd));
        }

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
        return Start(new ChildEvent(
            _core, this, _workers, processId: null, new ChildEnd(SharedWait.Join(own), own), own, callback, options));
    }

    public void Forget(ChildEvent child) => _watched.Remove(child);

    /// <summary>At the manager's disposal. Kills all that are to be killed before it waits for any.</summary>
    public void DisposeAll()
    {
        ChildEvent[] children = [.. _watched];
        var survivors = new HashSet<ChildEvent>();
        foreach (ChildEvent child in children)
        {
            int errno = child.Kill();
            if (errno != Errno.Success)
            {
                _core.Faults.Report(new Fault(FaultOrigin.ChildEvent, new EventManagerException(
                    EventManagerError.System,
                    $"Process {child.ProcessId} could not be killed when {_core.Name} was disposed: {Errno.Describe(errno)}.",
                    errno: errno))
                {
                    Owner = child,
                });
                survivors.Add(child);
            }
        }

        long end = Environment.TickCount64 + PatienceMilliseconds;
        foreach (ChildEvent child in children)
        {
            int patience = survivors.Contains(child) ? 0 : (int)Math.Max(end - Environment.TickCount64, 0);
            _core.Faults.Attempt(() => child.ReapAndRelease(patience));
        }
    }

    private ChildEvent Start(ChildEvent child)
    {
        child.Start();
        _watched.Add(child);
        return child;
    }

    /// <summary>Opens a process that must exist.</summary>
    /// <exception cref="EventManagerException">It does not, or the kernel refused.</exception>
    internal static FdHandle Open(int processId) => TryOpen(processId) ?? throw NotFound(processId, Errno.ESRCH);

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

    private static EventManagerException NotFound(int processId, int errno) => new(
        EventManagerError.ProcessNotFound,
        $"There is no process {processId}: it has ended and was waited for, or the number is a thread's.",
        errno: errno);

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
