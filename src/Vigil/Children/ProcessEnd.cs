using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// How a child event finds out how its process ended: who has the status depends on whose process it is. Used on the loop.
/// </summary>
internal abstract class ProcessEnd : IDisposable
{
    /// <summary>Whether the status has to be taken here, as nobody else waits for the process.</summary>
    public virtual bool MustReap => false;

    /// <summary>
    /// Asks how the process ended. Called whenever its descriptor becomes ready, and whenever <paramref name="wake"/> was called.
    /// </summary>
    /// <param name="pidFd">The process.</param>
    /// <param name="wake">Asks for another call on the loop. Any thread may call it.</param>
    public abstract EndAnswer Ask(FdHandle pidFd, Action wake);

    /// <summary>Nothing more is asked. Before the descriptor is closed.</summary>
    public abstract void Dispose();

    /// <summary>A status as users see it.</summary>
    public static ChildExit ExitOf(ProcessStatus? status) => status switch
    {
        null => default,
        { IsSignal: true } => new ChildExit(null, new Signal(status.Value.Number)),
        _ => new ChildExit(status.Value.Number, null),
    };
}

/// <summary>Whether it is known how a process ended.</summary>
internal enum EndState
{
    /// <summary>Not yet; there will be a reason to ask again.</summary>
    NotYet,

    /// <summary>It has ended, and this is all that can be known.</summary>
    Told,

    /// <summary>The kernel failed to answer.</summary>
    Failed,
}

/// <summary>What <see cref="ProcessEnd.Ask"/> found out.</summary>
/// <param name="State">Whether it is known.</param>
/// <param name="Exit">How the process ended, where it is.</param>
/// <param name="Errno">Why the kernel failed, where it did.</param>
internal readonly record struct EndAnswer(EndState State, ChildExit Exit = default, int Errno = 0);
