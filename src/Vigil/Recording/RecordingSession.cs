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
    /// <summary>What the names of the library's own inputs begin with.</summary>
    public const string OwnPrefix = "vigil:";

    /// <summary>
    /// Whether the calling thread has the claim of the loop. Before the run that may be another thread than the one that made the manager.
    /// </summary>
    public Func<bool> HasClaim { get; set; } = static () => false;

    /// <summary>The poller that the loop waits on instead.</summary>
    public abstract IPoller Wrap(IPoller poller);

    /// <summary>The clock that the loop reads instead.</summary>
    public abstract IClock Wrap(IClock clock, TimerClock kind);

    /// <summary>What answers questions about descriptors instead.</summary>
    public DescriptorQueries Wrap(DescriptorQueries queries) => new RecordedQueries(this, queries);

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

    /// <summary>
    /// Asks the kernel, and records its answer; or gives the recorded one, without asking. The caller has the claim of the loop.
    /// </summary>
    /// <param name="question">What is asked.</param>
    /// <param name="ask">Asks it. An <see cref="EventManagerException"/> is an answer, too.</param>
    /// <exception cref="EventManagerException">The answer.</exception>
    public abstract RecordedAnswer Ask(RecordedQuestion question, Func<RecordedAnswer> ask);

    /// <summary>Declares an input.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="deliver">Delivers one in a replay, and returns how many callbacks ran.</param>
    /// <exception cref="ArgumentException">Its name is taken.</exception>
    public abstract void AddInput(string name, Func<byte[], int> deliver);

    /// <summary>An input has arrived on the loop.</summary>
    public abstract void OnInput(string name, ReadOnlySpan<byte> bytes);

    public abstract void Dispose();
}
