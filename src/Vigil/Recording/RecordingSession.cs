using Vigil.IO;
using Vigil.Polling;
using Vigil.Timing;

namespace Vigil.Recording;

/// <summary>
/// What a recorder does at the places where a loop gets something from outside: it records what comes, or replays what was recorded. All of
/// it is for the thread that runs the loop, or, before the first run, the one that creates the manager.
/// </summary>
internal abstract class RecordingSession : IDisposable
{
    /// <summary>The poller that the loop waits on instead.</summary>
    public abstract IPoller Wrap(IPoller poller);

    /// <summary>The clock that the loop reads instead.</summary>
    public abstract IClock Wrap(IClock clock, TimerClock kind);

    /// <summary>Opens a descriptor whose traffic is a part of the recording.</summary>
    public abstract FdHandle Open(string name, Func<FdHandle> open);

    /// <summary>Before a wait: whether it must not sleep.</summary>
    public abstract bool DecideWait(bool isImmediate);

    /// <summary>Whether it replays.</summary>
    public abstract bool IsReplay { get; }

    /// <summary>The program has read a clock of the manager's <see cref="TimeProvider"/>. Returns what it is told.</summary>
    public abstract long OnReading(RecordedClock clock, long reading);

    /// <summary>An iteration is over.</summary>
    /// <exception cref="ReplayDivergedException">The replay has diverged in it.</exception>
    public abstract void EndIteration();

    /// <summary>A message is about to run.</summary>
    public abstract void OnMessage();

    /// <summary>Declares an input.</summary>
    /// <exception cref="ArgumentException">Its name is taken.</exception>
    public abstract void AddInput(string name, Action<byte[]> deliver);

    /// <summary>An input has arrived on the loop.</summary>
    public abstract void OnInput(string name, ReadOnlySpan<byte> bytes);

    public abstract void Dispose();
}
