using Vigil.Internals.Tests.Support;
using Vigil.Interop;
using Vigil.Polling;
using Vigil.Testing;

namespace Vigil.Internals.Tests.Polling;

/// <summary>The calls that a script can make fail.</summary>
internal enum PollerCall
{
    Add,
    Modify,
    Remove,
    BeginRebuild,
    Transfer,
}

/// <summary>
/// The poller of simulations, with files that a test opens, makes ready and closes under small numbers of its choice, and with calls that
/// fail. Other threads may do so during a wait. A wait with a deadline does not sleep but advances the clock to it; one without waits for
/// another thread to make something ready.
/// </summary>
internal sealed class ScriptedPoller : IPoller
{
    // An object instead of a Lock, because a wait without a deadline is Monitor.Wait.
    private readonly object _gate = new();
    private readonly DescriptorTable _descriptors = new();
    private readonly Dictionary<PollerCall, Queue<int>> _failures = [];
    private readonly SimulatedPoller _poller;
    private long _now = 1;

    public ScriptedPoller() => _poller = new SimulatedPoller(_descriptors, OnIdle);

    /// <summary>The virtual clock.</summary>
    public long NowNanoseconds => Interlocked.Read(ref _now);

    /// <summary>Opens a file under a number, whatever had that before.</summary>
    public void Open(int number, bool isPollable = true)
    {
        lock (_gate)
        {
            _descriptors.GiveAt(Simulated(number), new ScriptedFile(isPollable));
        }
    }

    /// <summary>Makes a second number refer to the file of the first.</summary>
    public void Duplicate(int number, int duplicate)
    {
        lock (_gate)
        {
            _descriptors.GiveAt(Simulated(duplicate), FileOf(number));
        }
    }

    /// <summary>Closes a number. Again, it does nothing.</summary>
    public void Close(int number)
    {
        lock (_gate)
        {
            if (_descriptors.TryFind(Simulated(number), out _))
            {
                _descriptors.Close(Simulated(number));
            }
        }
    }

    /// <summary>Sets a file's readiness. Setting the same again is a change, too, like a second byte in a pipe.</summary>
    public void SetReady(int number, EventSet ready)
    {
        lock (_gate)
        {
            FileOf(number).Set(ready);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Makes coming calls return these numbers, each in its turn; 0 lets one succeed.</summary>
    public void FailNext(PollerCall call, params ReadOnlySpan<int> errnos) => _failures[call] = new Queue<int>(errnos.ToArray());

    public int Add(int fd, SourceToken token, EventSet interest) =>
        Do(PollerCall.Add, () => _poller.Add(Simulated(fd), token, interest));

    public int Modify(int fd, SourceToken token, EventSet interest) =>
        Do(PollerCall.Modify, () => _poller.Modify(Simulated(fd), token, interest));

    public int Remove(int fd) => Do(PollerCall.Remove, () => _poller.Remove(Simulated(fd)));

    public int Wait(Deadline deadline, ReadyBuffer ready)
    {
        lock (_gate)
        {
            return _poller.Wait(deadline, ready);
        }
    }

    public int BeginRebuild() => Do(PollerCall.BeginRebuild, _poller.BeginRebuild);

    public int Transfer(int fd, SourceToken token, EventSet? interest) =>
        Do(PollerCall.Transfer, () => _poller.Transfer(Simulated(fd), token, interest));

    public void EndRebuild() => _poller.EndRebuild();

    public void AbandonRebuild() => _poller.AbandonRebuild();

    public void Dispose() => _poller.Dispose();

    private static int Simulated(int number) => DescriptorTable.FirstNumber + number;

    private int Do(PollerCall call, Func<int> succeed)
    {
        lock (_gate)
        {
            int errno = _failures.TryGetValue(call, out Queue<int>? errnos) && errnos.TryDequeue(out int next) ? next : Errno.Success;
            return errno == Errno.Success ? succeed() : errno;
        }
    }

    private ScriptedFile FileOf(int number) =>
        _descriptors.TryFind(Simulated(number), out SimulatedFile? file) ? (ScriptedFile)file : throw new KeyNotFoundException($"{number}");

    // What a world does instead: it lets something happen, or moves its clock.
    private bool OnIdle(Deadline deadline)
    {
        if (!deadline.IsInfinite)
        {
            _now = Math.Max(_now, deadline.Nanoseconds);
            return false;
        }

        Assert.True(Monitor.Wait(_gate, Patience.Limit), "Nothing became ready in a wait without a deadline.");
        return true;
    }

    private sealed class ScriptedFile(bool isPollable) : SimulatedFile
    {
        private EventSet _ready;

        public override EventSet Ready => _ready;

        public override bool IsPollable => isPollable;

        public override string Description => "a file of a test";

        public void Set(EventSet ready)
        {
            _ready = ready;
            NoteChange();
        }

        protected override void Close()
        {
        }
    }
}
