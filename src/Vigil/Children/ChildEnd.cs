using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The end of a process that is watched by id or descriptor. A child is waited for here; of any other process the kernel is asked for what
/// its parent was told, which it says (Linux 6.15) if the parent has been told already.
/// </summary>
internal sealed class ChildEnd : ProcessEnd
{
    private readonly SharedWait? _shared;
    private readonly FdHandle _pidFd;

    /// <param name="shared">The wait for it; null where it is no child of this process that anybody could wait for.</param>
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
                // Of a child that is traced (ptrace(2)) the tracer is told first; when it has been, the descriptor becomes ready once more.
                return new EndAnswer(EndState.NotYet);
            }

            if (errno != Errno.ECHILD)
            {
                return new EndAnswer(EndState.Failed, Errno: errno);
            }

            // Not a child, or waited for by somebody else: by foreign code, by the runtime where it is process 1, by the kernel where
            // SIGCHLD is ignored.
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
