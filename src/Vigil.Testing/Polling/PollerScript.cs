using Vigil.IO;
using Vigil.Polling;

namespace Vigil.Testing;

/// <summary>
/// What a test dictates to the poller of a simulated loop: calls that fail, and reports that the kernel may give although nothing is ready
/// any more. Where it dictates nothing, the poller reports what is so.
/// </summary>
/// <remarks>
/// For a buffer of ready events that is full, set <see cref="EventManagerOptions.ReadyCapacity"/> when the loop is created. For failures
/// and reports at random instead of on request, see <see cref="WorldFaults"/>.
/// </remarks>
public sealed class PollerScript
{
    private readonly World _world;
    private readonly List<Failure> _failures = [];
    private readonly List<Report> _reports = [];
    private readonly long[] _calls = new long[Enum.GetValues<PollerCall>().Length];

    internal PollerScript(World world) => _world = world;

    /// <summary>Where a registration of a number stands, for reports.</summary>
    internal Func<int, SourceToken?>? TokenOf { get; set; }

    /// <summary>Whether reports wait for the next wait.</summary>
    internal bool HasReports => _reports.Count > 0;

    /// <summary>How often the loop has made a call, failed ones included.</summary>
    /// <param name="call">The call.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such call.</exception>
    public long Count(PollerCall call) => _calls[IndexOf(call)];

    /// <summary>Lets one call fail. It changes nothing then.</summary>
    /// <param name="call">The call.</param>
    /// <param name="errno">What the kernel would say (<c>errno(3)</c>); 1 or more.</param>
    /// <param name="occurrence">Which of the calls that follow: 1 for the next one.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such call, or a number is below 1.</exception>
    public void Fail(PollerCall call, int errno, int occurrence = 1)
    {
        _world.RequireThread();
        ArgumentOutOfRangeException.ThrowIfLessThan(errno, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(occurrence, 1);
        _failures.Add(new Failure(call, _calls[IndexOf(call)] + occurrence, errno));
    }

    /// <summary>
    /// Lets the next wait report a registered descriptor, ready or not, as the kernel does where somebody else has taken what made it
    /// ready. Reports of several descriptors come with one wait, as far as the buffer has room. So one becomes stale where the callback of
    /// another removes, disarms or re-arms its registration. If that happens before the wait, there is no report.
    /// </summary>
    /// <param name="handle">A descriptor of this world that the loop has registered.</param>
    /// <param name="events">What is reported; not empty.</param>
    /// <exception cref="ArgumentException">The loop has not registered the descriptor, or no event is given.</exception>
    public void ReportReady(FdHandle handle, EventSet events)
    {
        _world.RequireThread();
        ArgumentNullException.ThrowIfNull(handle);
        FileDescriptor descriptor = handle;
        SourceToken? registered = handle is SimulatedHandle simulated && simulated.World == _world ? TokenOf!(descriptor.Number) : null;
        SourceToken token = registered
            ?? throw new ArgumentException("The loop has not registered this descriptor, or it is none of this world.", nameof(handle));
        if (events == EventSet.None)
        {
            throw new ArgumentException("A report has at least one event.", nameof(events));
        }

        _reports.Add(new Report(descriptor.Number, token, events));
        _world.NoteActivity();
    }

    /// <summary>A call is made. Returns the errno that it must fail with, or 0.</summary>
    internal int OnCall(PollerCall call)
    {
        long number = ++_calls[(int)call];
        int index = _failures.FindIndex(failure => failure.Call == call && failure.Number == number);
        if (index < 0)
        {
            return 0;
        }

        int errno = _failures[index].Errno;
        _failures.RemoveAt(index);
        return errno;
    }

    /// <summary>
    /// Moves reports into a buffer, as many as fit, in an order that the seed decides. The others are left for the next wait.
    /// </summary>
    /// <param name="ready">The buffer.</param>
    /// <param name="reported">Called with each: its number, and the events.</param>
    internal void MoveReports(ReadyBuffer ready, Action<int, EventSet> reported)
    {
        _reports.RemoveAll(report => TokenOf!(report.Number) != report.Token);
        while (_reports.Count > 0)
        {
            int index = _world.Random.Next(_reports.Count);
            Report report = _reports[index];
            if (!ready.TryAdd(report.Token, report.Events))
            {
                return;
            }

            _reports.RemoveAt(index);
            reported(report.Number, report.Events);
        }
    }

    private static int IndexOf(PollerCall call) => Enum.IsDefined(call)
        ? (int)call
        : throw new ArgumentOutOfRangeException(nameof(call), call, "There is no such call.");

    private sealed record Failure(PollerCall Call, long Number, int Errno);

    private sealed record Report(int Number, SourceToken Token, EventSet Events);
}
