using System.Globalization;
using System.Text;
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
    private const int LongestName = 1024;

    /// <summary>The number of a descriptor that could not be opened: the answer that follows says why.</summary>
    public const int NotOpened = -1;

    private readonly int _creator = Environment.CurrentManagedThreadId;
    private ILoopClaim? _claim;
    private long _sequence;

    /// <summary>What the names of the library's own inputs begin with.</summary>
    public const string OwnPrefix = "vigil:";

    /// <summary>
    /// Whether the calling thread is the loop's: what others read of its clocks is not its. That is the thread that has the loop's claim,
    /// or, if nobody has, that ran it last; before the first run the one that creates the manager.
    /// </summary>
    protected bool IsMine => _claim is { } claim ? claim.IsOfThisThread : Environment.CurrentManagedThreadId == _creator;

    /// <summary>Refuses names that a record has no room for, or that would be read as others.</summary>
    /// <exception cref="ArgumentException">It is such a name.</exception>
    public static void RequireName(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        int length = Encoding.UTF8.GetByteCount(name);
        if (length > LongestName || !string.Equals(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)), name, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"A name in a recording is valid Unicode of {LongestName} bytes at most; this one has {length}.", parameter);
        }
    }

    /// <summary>A loop is made that this is for.</summary>
    /// <param name="claim">Its claim.</param>
    /// <param name="failed">Is told, on any thread, when nothing can be recorded any more.</param>
    public virtual void Attach(ILoopClaim claim, Action<EventManagerException> failed) => _claim = claim;

    /// <summary>The poller that the loop waits on instead.</summary>
    public abstract IPoller Wrap(IPoller poller);

    /// <summary>The clock that the loop reads instead.</summary>
    public abstract IClock Wrap(IClock clock, TimerClock kind);

    /// <summary>What answers questions about descriptors instead.</summary>
    public DescriptorQueries Wrap(DescriptorQueries queries) => new RecordedQueries(this, queries);

    /// <summary>Opens a descriptor whose traffic is a part of the recording.</summary>
    /// <exception cref="InvalidOperationException">The calling thread is not the loop's.</exception>
    public FdHandle Open(string name, Func<FdHandle> open)
    {
        if (!IsMine)
        {
            throw OffLoop($"descriptor {name} is opened");
        }

        return OpenRecorded(name, open);
    }

    protected abstract FdHandle OpenRecorded(string name, Func<FdHandle> open);

    /// <summary>Refuses a descriptor's use on other threads than the loop's.</summary>
    /// <exception cref="InvalidOperationException">The calling thread is another one.</exception>
    protected void RequireLoop(int fd)
    {
        if (!IsMine)
        {
            throw OffLoop(string.Create(CultureInfo.InvariantCulture, $"descriptor {fd} is used"));
        }
    }

    /// <summary>Before a wait: whether it must not sleep.</summary>
    public abstract bool DecideWait(bool isImmediate);

    /// <summary>Whether it replays.</summary>
    public abstract bool IsReplay { get; }

    /// <summary>Whether it has, or records, the bytes of descriptors and inputs.</summary>
    public abstract bool HasTraffic { get; }

    /// <summary>The program has read a clock of the manager's <see cref="TimeProvider"/>. Returns what it is told.</summary>
    public abstract long OnReading(RecordedClock clock, long reading);

    /// <summary>A run is about to end: not one of a single iteration, and not by an exception.</summary>
    /// <exception cref="ReplayDivergedException">The replay has diverged.</exception>
    public abstract void EndRun();

    /// <summary>A number for what a worker is to send. 0 if the caller is not the loop, so that it would not repeat.</summary>
    public long NextSequence() => IsMine ? ++_sequence : 0;

    /// <summary>A message is about to run.</summary>
    /// <param name="sequence">Its number; 0 if it has none.</param>
    public abstract void OnMessage(long sequence);

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

    private static InvalidOperationException OffLoop(string what) => new(
        $"The recorded {what} on a thread that does not run the loop. What other threads do has no place in a recording: move its traffic "
            + "onto the loop, or do not record it.");
}
