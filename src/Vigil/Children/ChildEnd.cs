using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The end of a process that is watched by id or descriptor. A child is reaped here. For any other process the kernel is asked for the
/// status that its parent got, which it returns (Linux 6.15) once the parent has reaped the process.
/// </summary>
internal sealed class ChildEnd : ProcessEnd
{
    private readonly SharedWait? _shared;
    private readonly FdHandle _pidFd;

    /// <param name="shared">The wait for it; null if it is no child of this process that can be waited for.</param>
    /// <param name="pidFd">The process, by the descriptor that joined the wait.</param>
    public ChildEnd(SharedWait? shared, FdHandle pidFd)
    {
        _shared = shared;
        _pidFd = pidFd;
    }

    public override bool MustReap => _shared is not null;

    public override EndAnswer Ask(FdHandle pidFd, Action wake)
    {
        ProcessStatus? status = null;
        int errno = _shared?.Take(pidFd, out status) ?? Errno.ECHILD;
        if (status is null)
        {
            if (errno == Errno.Success)
            {
                // For a traced child (ptrace(2)) the tracer is notified first; after that, the descriptor becomes ready once more.
                return new EndAnswer(EndState.NotYet);
            }

            if (errno != Errno.ECHILD)
            {
                return new EndAnswer(EndState.Failed, Errno: errno);
            }

            // Not a child, or reaped by others: by foreign code, by the runtime if it is process 1, or by the kernel if SIGCHLD is ignored.
            status = PidFdNative.StatusAfterReaping(pidFd.Number, out bool isBeingReaped);
            if (isBeingReaped)
            {
                return new EndAnswer(EndState.NotYet);
            }
        }

        return new EndAnswer(EndState.Told, ExitOf(status));
    }

    public override void Dispose() => _shared?.Leave(_pidFd);
}
