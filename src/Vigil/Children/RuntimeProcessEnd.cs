using System.Diagnostics;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The end of a process that is watched as a <see cref="Process"/>. The runtime waits for those that it started, at its SIGCHLD, and must
/// be left to it: here the kernel is only looked at.
/// </summary>
/// <remarks>
/// Three things may say how it ended, the exact one first: the kernel before the runtime has waited for it; the kernel afterwards (Linux
/// 6.15); and the runtime, which makes 128 + n of signal n. The last is to be had only where the object started the process: an object that
/// was made for an id says 0 of a process that it knows nothing of.
/// </remarks>
internal sealed class RuntimeProcessEnd : ProcessEnd
{
    // Shared with the caller's object as far as the runtime's record of the process goes, but not disposed with it.
    private readonly Process _view;
    private readonly bool _isStartedByRuntime;
    private readonly bool _isChild;
    private ProcessStatus? _seen;
    private bool _isAwaited;

    /// <param name="view">An object of our own for the process.</param>
    /// <param name="isStartedByRuntime">Whether it is certain that the runtime started it, so that the view knows its exit code in the end.
    /// Where this is false it may have, too.</param>
    /// <param name="isChild">Whether it is a child of this process that nobody had waited for when the watch began.</param>
    public RuntimeProcessEnd(Process view, bool isStartedByRuntime, bool isChild)
    {
        _view = view;
        _isStartedByRuntime = isStartedByRuntime;
        _isChild = isChild;
    }

    public override EndAnswer Ask(FdHandle pidFd, Action wake)
    {
        // This look must come first: what has not been waited for after it has been by the time that the runtime says so.
        int errno = PidFdNative.Wait(pidFd.Number, reap: false, out ProcessStatus? seen);
        _seen ??= seen;
        if (_view.HasExited)
        {
            return Told(ExitAfterReaping(pidFd));
        }

        if (!_isStartedByRuntime)
        {
            if (_seen is not null)
            {
                // Of a child that was started by other means the runtime would never tell.
                return Told(ExitOf(_seen));
            }

            if (errno is not (Errno.Success or Errno.ECHILD))
            {
                return new EndAnswer(EndState.Failed, Errno: errno);
            }

            ProcessStatus? reaped = PidFdNative.StatusAfterReaping(pidFd.Number, out bool isBeingReaped);
            return (reaped is null && (isBeingReaped || (_isChild && errno == Errno.Success))) ? new EndAnswer(EndState.NotYet) : Told(ExitOf(reaped));
        }

        // The kernel tells of the end before the runtime has come to its SIGCHLD.
        if (!_isAwaited)
        {
            _isAwaited = true;
            _ = _view.WaitForExitAsync().ContinueWith(
                static (_, wake) => ((Action)wake!)(), wake, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return new EndAnswer(EndState.NotYet);
    }

    public override void Dispose() => _view.Dispose();

    /// <summary>How a process ended that the runtime has waited for.</summary>
    /// <param name="process">An object that started it.</param>
    /// <param name="pidFd">The process, where it was opened in time.</param>
    public static ChildExit ExitOf(Process process, FdHandle? pidFd) =>
        pidFd is not null && PidFdNative.StatusAfterReaping(pidFd.Number) is { } status ? ExitOf(status) : ExitAsOf(process);

    /// <summary>Whether an object started its process; one that was made for an id refuses to say what with.</summary>
    public static bool IsStartedBy(Process process)
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

    private static EndAnswer Told(ChildExit exit) => new(EndState.Told, exit);

    private ChildExit ExitAfterReaping(FdHandle pidFd)
    {
        ProcessStatus? status = _seen ?? PidFdNative.StatusAfterReaping(pidFd.Number);
        return status is null && _isStartedByRuntime ? ExitAsCodeOf(_view) : ExitOf(status);
    }

    private static ChildExit ExitAsOf(Process process) => IsStartedBy(process) ? ExitAsCodeOf(process) : default;

    // As shells do, and so the two cannot be told apart.
    private static ChildExit ExitAsCodeOf(Process process)
    {
        const int SignalBase = 128;
        int code = process.ExitCode;
        return code is > SignalBase and <= SignalBase + 64 ? new ChildExit(null, new Signal(code - SignalBase)) : new ChildExit(code, null);
    }
}
