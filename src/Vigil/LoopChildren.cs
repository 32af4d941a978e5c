using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Signals;

namespace Vigil;

/// <summary>Makes the child events of a loop, and ends them with it.</summary>
internal sealed class LoopChildren
{
    // At disposal, for processes that were killed: long enough for one that waits for a busy processor to die on. One in a system call that cannot be interrupted may take longer,
    // and is left to the system.
    private const int PatienceMilliseconds = 10_000;

    private readonly EventManager _manager;
    private readonly HashSet<ChildEvent> _watched = [];

    public LoopChildren(EventManager manager) => _manager = manager;

    public ChildEvent Watch(Process process, ChildEventCallback callback, bool killOnDispose, CallbackTarget target)
    {
        int id = process.Id;
        SignalRules.RequireChildSignal();
        FdHandle? pidFd = null;
        Process? view = null;
        bool isChild;
        try
        {
            // As long as the runtime has not seen its end after the descriptor was opened and looked at, its id was not another's then, and what looked like
            // no child is none. The view is asked last: it gets hold of the runtime's record of the process then, which goes when nobody holds it.
            pidFd = process.HasExited ? null : Open(id, mayBeGone: true);
            isChild = pidFd is not null && ChildEvent.IsChild(pidFd);
            view = process.HasExited ? null : View(id);
            if (pidFd is null || view is null || view.HasExited)
            {
                var ended = new ChildEvent(_manager, id, process: null, pidFd: null, isChild: false, callback, killOnDispose: false, target);
                ended.StartEnded(ChildEvent.ExitOf(process, pidFd));
                pidFd?.Dispose();
                view?.Dispose();
                return ended;
            }
        }
        catch
        {
            pidFd?.Dispose();
            view?.Dispose();
            throw;
        }

        return Start(new ChildEvent(_manager, id, view, pidFd, isChild, callback, killOnDispose, target) { IsRuntimesForSure = IsStartedBy(process) });
    }

    public ChildEvent Watch(int processId, ChildEventCallback callback, bool killOnDispose, CallbackTarget target)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        FdHandle pidFd = Open(processId, mayBeGone: false)!;
        return Start(new ChildEvent(_manager, processId, process: null, pidFd, ChildEvent.IsChild(pidFd), callback, killOnDispose, target));
    }

    public ChildEvent Watch(SafeHandle pidFd, ChildEventCallback callback, bool killOnDispose, CallbackTarget target)
    {
        if (pidFd is SafeProcessHandle)
        {
            throw new ArgumentException("A SafeProcessHandle holds a process's id, not its descriptor. Watch the Process itself.", nameof(pidFd));
        }

        using var fd = new BorrowedDescriptor(pidFd);
        int errno = fd.Number < 0 ? Errno.EBADF : PidFdNative.Wait(fd.Number, reap: false, out _);
        if (errno is not (Errno.Success or Errno.ECHILD))
        {
            throw new EventManagerException(EventManagerError.InvalidDescriptor, $"fd {fd.Number} is no process's descriptor (pidfd_open(2)): {Errno.Describe(errno)}.", fd.Number, errno);
        }

        // A duplicate, so that the caller may close his whenever he likes.
        int duplicate = FileNative.Duplicate(fd.Number, out int failure);
        var own = new FdHandle(FdHandle.Created(duplicate, failure, "fcntl(F_DUPFD_CLOEXEC)"));
        return Start(new ChildEvent(_manager, processId: -1, process: null, own, isChild: errno == Errno.Success, callback, killOnDispose, target));
    }

    public void Forget(ChildEvent child) => _watched.Remove(child);

    /// <summary>At the manager's disposal. All are killed that are to be, before any is waited for.</summary>
    public void DisposeAll()
    {
        ChildEvent[] children = [.. _watched];
        var survivors = new HashSet<ChildEvent>();
        foreach (ChildEvent child in children)
        {
            int errno = child.Kill();
            if (errno != Errno.Success)
            {
                _manager.Faults.Report(new FaultReport(FaultOrigin.ChildEvent, new EventManagerException(
                    EventManagerError.System, $"Process {child.ProcessId} could not be killed when {_manager.Name} was disposed: {Errno.Describe(errno)}.", errno: errno))
                {
                    Event = child,
                });
                survivors.Add(child);
            }
        }

        long end = Environment.TickCount64 + PatienceMilliseconds;
        foreach (ChildEvent child in children)
        {
            child.ReapAndRelease(survivors.Contains(child) ? 0 : (int)Math.Max(end - Environment.TickCount64, 0));
        }
    }

    private ChildEvent Start(ChildEvent child)
    {
        child.Start();
        _watched.Add(child);
        return child;
    }

    // Another object for the same process, which the caller's disposal of his own does not touch. Null where the process has ended meanwhile.
    private static Process? View(int processId)
    {
        try
        {
            return Process.GetProcessById(processId);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // An object that was made for an id refuses this. Its process may be the runtime's all the same: nothing public tells.
    private static bool IsStartedBy(Process process)
    {
        try
        {
            return process.StartInfo is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static FdHandle? Open(int processId, bool mayBeGone)
    {
        int fd = PidFdNative.Open(processId, out int errno);
        return errno switch
        {
            Errno.ESRCH when mayBeGone => null,

            // Of a thread's id: EINVAL, or ENOENT of newer kernels.
            Errno.ESRCH or Errno.EINVAL or Errno.ENOENT => throw new EventManagerException(
                EventManagerError.ProcessNotFound, $"There is no process {processId}: it has ended and was waited for, or the number is a thread's.", errno: errno),
            _ => new FdHandle(FdHandle.Created(fd, errno, "pidfd_open")),
        };
    }
}
