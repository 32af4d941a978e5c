using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// Determines how a child event's process ended: where the status comes from depends on whose process it is. Used on the loop.
/// </summary>
internal abstract class ProcessEnd : IDisposable
{
    /// <summary>Whether the status must be taken here, as nobody else waits for the process.</summary>
    public virtual bool MustReap => false;

    /// <summary>
    /// Asks how the process ended. Called whenever its descriptor becomes ready, and whenever <paramref name="wake"/> was called.
    /// </summary>
    /// <param name="pidFd">The process.</param>
    /// <param name="wake">Requests another call on the loop. Any thread may call it.</param>
    public abstract EndAnswer Ask(FdHandle pidFd, Action wake);

    /// <summary>Sends the process a signal. Returns an errno, ESRCH if it has ended and was waited for.</summary>
    public virtual int Send(FdHandle pidFd, Signal signal) => PidFdNative.Send(pidFd.Number, signal.Number);

    /// <summary>Waits until the process has ended, at most for a time. Only at the manager's disposal: it blocks.</summary>
    public virtual bool WaitUntilEnded(FdHandle pidFd, int patienceMilliseconds) =>
        PollNative.WaitUntilReadable(pidFd.Number, patienceMilliseconds);

    /// <summary>Ends the queries. Called before the descriptor is closed.</summary>
    public abstract void Dispose();

    /// <summary>Converts a status for users.</summary>
    public static ChildExit ExitOf(ProcessStatus? status) => status switch
    {
        null => default,
        { IsSignal: true } => new ChildExit(null, new Signal(status.Value.Number)),
        _ => new ChildExit(status.Value.Number, null),
    };
}

/// <summary>Whether the status of a process is known.</summary>
internal enum EndState
{
    /// <summary>Not yet; there will be a reason to ask again.</summary>
    NotYet,

    /// <summary>It has ended, and this is all that can be known.</summary>
    Told,

    /// <summary>The kernel failed to answer.</summary>
    Failed,
}

/// <summary>The result of <see cref="ProcessEnd.Ask"/>.</summary>
/// <param name="State">Whether the status is known.</param>
/// <param name="Exit">How the process ended, if known.</param>
/// <param name="Errno">The kernel's error, if it failed.</param>
internal readonly record struct EndAnswer(EndState State, ChildExit Exit = default, int Errno = 0);
