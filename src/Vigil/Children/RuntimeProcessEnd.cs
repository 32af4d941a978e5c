using System.Diagnostics;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The end of a process that is watched as a <see cref="Process"/>. The runtime reaps those that it started, at its SIGCHLD, and must
/// be left to it: here the kernel is only queried.
/// </summary>
/// <remarks>
/// Three sources may report how it ended, the exact one first: the kernel before the runtime has reaped it; the kernel afterwards (Linux
/// 6.15); and the runtime, which returns 128 + n for signal n. The last works only if the object started the process: an object that
/// was made for an id returns 0 for a process that it knows nothing about.
/// </remarks>
internal sealed class RuntimeProcessEnd : ProcessEnd
{
    // Shares the runtime's record of the process with the caller's object, but is not disposed with it.
    private readonly Process _view;
    private readonly bool _isStartedByRuntime;
    private readonly bool _isChild;
    private ProcessStatus? _seen;
    private bool _isAwaited;

    /// <param name="view">A separate object for the process.</param>
    /// <param name="isStartedByRuntime">Whether the runtime certainly started it, so that the view gets its exit code in the end.
    /// If false, it may have started it nevertheless.</param>
    /// <param name="isChild">Whether it was an unreaped child of this process when the watch began.</param>
    public RuntimeProcessEnd(Process view, bool isStartedByRuntime, bool isChild)
    {
        _view = view;
        _isStartedByRuntime = isStartedByRuntime;
        _isChild = isChild;
    }

    public override EndAnswer Ask(FdHandle pidFd, Action wake)
    {
        // This query must come first: it may get the exact status, which is gone once the runtime has reaped the process.
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
                // For a child that was started by other means the runtime would never report the end.
                return Told(ExitOf(_seen));
            }

            if (errno is not (Errno.Success or Errno.ECHILD))
            {
                return new EndAnswer(EndState.Failed, Errno: errno);
            }

            ProcessStatus? reaped = PidFdNative.StatusAfterReaping(pidFd.Number, out bool isBeingReaped);
            return (reaped is null && (isBeingReaped || (_isChild && errno == Errno.Success)))
                ? new EndAnswer(EndState.NotYet)
                : Told(ExitOf(reaped));
        }

        // The kernel reports the end before the runtime has handled its SIGCHLD.
        if (!_isAwaited)
        {
            _isAwaited = true;
            _ = _view.WaitForExitAsync().ContinueWith(
                static (_, wake) => ((Action)wake!)(),
                wake,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        return new EndAnswer(EndState.NotYet);
    }

    public override void Dispose() => _view.Dispose();

    /// <summary>How a process ended that the runtime has reaped.</summary>
    /// <param name="process">An object that started it.</param>
    /// <param name="pidFd">The process, if it was opened in time.</param>
    public static ChildExit ExitOf(Process process, FdHandle? pidFd) =>
        pidFd is not null && PidFdNative.StatusAfterReaping(pidFd.Number) is { } status ? ExitOf(status) : ExitAsOf(process);

    /// <summary>Whether an object started its process; one that was made for an id throws when asked for its start information.</summary>
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

    // Follows the shells' convention, so an exit code and a signal cannot be distinguished.
    private static ChildExit ExitAsCodeOf(Process process)
    {
        const int SignalBase = 128;
        int code = process.ExitCode;
        return code is > SignalBase and <= SignalBase + 64 ? new ChildExit(null, new Signal(code - SignalBase)) : new ChildExit(code, null);
    }
}
