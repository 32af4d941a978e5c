using Vigil.Polling;

namespace Vigil.Testing;

/// <summary>
/// A loop of a <see cref="World"/>: an <see cref="EventManager"/> as it is, on a poller without a kernel and on the world's clock. The
/// world runs it, iteration by iteration; the program under test never calls <see cref="EventManager.Run"/> on it.
/// </summary>
public sealed class SimulatedLoop : IActor, IDisposable
{
    private readonly World _world;
    private readonly WorldPoller _poller;
    private readonly WorldThread? _thread;
    private readonly Action _iterate;
    private long _idleAt = -1;
    private bool _foundNothingToDo;
    private bool _hasSlept;
    private bool _wasWoken;
    private bool _isStopping;

    internal SimulatedLoop(World world, string name, EventManagerOptions options)
    {
        _world = world;
        _thread = world.TryCreateThread($"the loop {name}", this);
        _iterate = Iterate;
        Poller = new PollerScript(world);
        _poller = new WorldPoller(world, OnIdle, Poller)
        {
            BlockingWait = new Waits(this),
            IsSpurious = () => world.Faults.Happens(FaultKinds.SpuriousReadiness),
            Reported = (fd, events) => world.History.Add(HistoryKind.Ready, name, fd, (long)events),
            RealReported = (ordinal, events) => world.History.Add(HistoryKind.RealReady, name, ordinal, (long)events),
        };
        options.Name = name;
        options.TimeProvider = world.Clock;
        options.PollerFactory = () => _poller;

        // Both measure real time, which does not repeat. In the world's time nothing is ever too slow: it stands still while anything runs.
        options.SpinBeforeSleep = TimeSpan.Zero;
        options.Watchdog = null;
        Manager = new EventManager(options);
    }

    /// <summary>The manager.</summary>
    public EventManager Manager { get; }

    /// <summary>Dictates to its poller: calls that fail, and reports of what is not ready any more.</summary>
    public PollerScript Poller { get; }

    /// <summary>Its name.</summary>
    public string Name => Manager.Name;

    /// <summary>How many iterations it has made.</summary>
    public long Iterations { get; private set; }

    /// <summary>Whether it is kept from running, by a fault or by <see cref="Stall"/>.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>
    /// Whether it makes no more iterations: <see cref="EventManager.Stop"/> was called, which ends it as it ends
    /// <see cref="EventManager.Run"/>, exit callbacks included; or it is disposed.
    /// </summary>
    public bool HasEnded { get; private set; }

    bool IActor.IsRunnable => CanLook && _idleAt != _world.Activity;

    bool IActor.CanLook => CanLook;

    SimulatedLoop? IActor.EnteredLoop => this;

    internal IEnumerable<string> WaitsFor => _poller.Descriptions;

    // A stalled loop does not look, so that the clock moves to the end of the stall.
    internal bool IsRealReady => CanLook && _poller.IsRealReady();

    // Nor does one that is blocked in the middle of an iteration.
    private bool CanLook => !IsStalled && !HasEnded && _thread?.WaitsFor is null;

    /// <summary>Keeps it from running for a time, as if its thread had no processor. Everything else goes on.</summary>
    /// <param name="span">For how long; zero or more. A loop that is stalled already goes on when it would have.</param>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative.</exception>
    public void Stall(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        if (IsStalled)
        {
            return;
        }

        IsStalled = true;
        _world.Schedule(span, () => IsStalled = false);
    }

    /// <summary>Disposes the manager. The world does so at its end.</summary>
    public void Dispose()
    {
        HasEnded = true;
        Manager.Dispose();
    }

    /// <summary>Runs one iteration. It may block in the middle, and is then gone on with by its thread.</summary>
    void IActor.Step()
    {
        if (_thread is null)
        {
            Iterate();
        }
        else
        {
            _thread.Run(_iterate);
        }
    }

    private void Iterate()
    {
        if (_world.Faults.Happens(FaultKinds.Stall))
        {
            Stall(_world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(100)));
            return;
        }

        long before = _world.Activity;
        _foundNothingToDo = false;
        _hasSlept = false;
        _wasWoken = false;
        int ran;
        try
        {
            ran = Manager.RunOnce(Timeout.InfiniteTimeSpan);
            RequireWakeUp(ran);
            if (Manager.IsStopRequested)
            {
                // One more iteration, which does not wait, and the exit callbacks.
                _isStopping = true;
                Manager.Run();
                HasEnded = true;
                _world.NoteActivity();
            }
        }
        catch (ObjectDisposedException) when (IsDisposed)
        {
            HasEnded = true;
            return;
        }

        Iterations++;
        if (ran > 0)
        {
            _world.NoteActivity();
            _world.History.Add(HistoryKind.Iteration, Name, ran);
        }
        else if (_world.Activity == before && _foundNothingToDo)
        {
            // It has looked for work after the last thing that happened anywhere, and there was none. An iteration that did something
            // without a callback, such as to arm a source again, is followed by another.
            _idleAt = before;
        }
    }

    private bool IsDisposed
    {
        get
        {
            try
            {
                _ = Manager.GetSubscribers();
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    // The loop sleeps, and whoever posts to it knows: others run meanwhile, and must wake it. When nothing more runs, the wait ends with
    // nothing, and the iteration, too: the world runs what it is nested in, or moves the clock. Returns whether the wait looks again.
    private bool OnIdle()
    {
        if (_isStopping)
        {
            throw new SimulationFailedException($"The loop {Name} was stopped, and goes to sleep instead of ending.");
        }

        if (!_world.Sleep())
        {
            // Without posted work, deferred callbacks or timers that are due: with any of them it would not sleep.
            _foundNothingToDo = !_hasSlept;
            return false;
        }

        _hasSlept = true;
        _wasWoken = _poller.TryTakeWakeUp();
        return !_wasWoken;
    }

    // What a loop finds after its wait that neither a descriptor, nor a timer, nor its waker has ended, was there while it slept. On a real
    // machine it would sleep on.
    private void RequireWakeUp(int ran)
    {
        if (_hasSlept && !_wasWoken && _poller.FoundNothing && (ran > 0 || Manager.IsStopRequested))
        {
            _world.Fail(
                $"The loop {Name} slept while it had something to do, and nobody has woken it: a wake-up is lost, or another loop's "
                    + "callback or a work item has used it directly, without its RemoteEndpoint.");
        }
    }

    /// <summary>How others wait for this loop.</summary>
    private sealed class Waits(SimulatedLoop loop) : IBlockingWait
    {
        public string? Obstacle => loop._world.ObstacleTo(loop);

        public bool Until(Func<bool> isOver, TimeSpan timeout) => loop._world.Await(loop, isOver, timeout);
    }
}
