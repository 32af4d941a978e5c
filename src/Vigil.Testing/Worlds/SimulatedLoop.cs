namespace Vigil.Testing;

/// <summary>
/// A loop of a <see cref="World"/>: an <see cref="EventManager"/> as it is, on a poller without a kernel and on the world's clock. The
/// world runs it, iteration by iteration; the program under test never calls <see cref="EventManager.Run"/> on it.
/// </summary>
public sealed class SimulatedLoop : IActor, IDisposable
{
    private readonly World _world;
    private readonly SimulatedPoller _poller;
    private long _idleAt = -1;

    internal SimulatedLoop(World world, string name, EventManagerOptions options)
    {
        _world = world;
        _poller = new SimulatedPoller(world.Descriptors, _ => OnIdle(), world.Random.Next)
        {
            IsSpurious = () => world.Faults.Happens(FaultKinds.SpuriousReadiness),
            Reported = (fd, events) => world.History.Add(HistoryKind.Ready, name, fd, (long)events),
        };
        options.Name = name;
        options.TimeProvider = world.Clock;
        options.PollerFactory = () => _poller;
        Manager = new EventManager(options);
    }

    /// <summary>The manager.</summary>
    public EventManager Manager { get; }

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

    bool IActor.IsRunnable => !IsStalled && !HasEnded && _idleAt != _world.Activity;

    internal IEnumerable<string> WaitsFor => _poller.Descriptions;

    internal bool IsRealReady => !HasEnded && _poller.IsRealReady();

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
        _world.At(span, () => IsStalled = false);
    }

    /// <summary>Disposes the manager. The world does so at its end.</summary>
    public void Dispose()
    {
        HasEnded = true;
        Manager.Dispose();
    }

    /// <summary>Runs one iteration.</summary>
    void IActor.Step()
    {
        if (_world.Faults.Happens(FaultKinds.Stall))
        {
            Stall(_world.Random.Next(TimeSpan.Zero, TimeSpan.FromMilliseconds(100)));
            return;
        }

        long before = _world.Activity;
        int ran;
        try
        {
            ran = Manager.RunOnce(Timeout.InfiniteTimeSpan);
            if (Manager.IsStopRequested)
            {
                // One more iteration, which does not wait, and the exit callbacks.
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
        else if (_world.Activity == before)
        {
            // It has looked for work after the last thing that happened anywhere, and there was none.
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

    // The wait ends with nothing, and the iteration too: the world has other loops to run, or moves the clock.
    private static bool OnIdle() => false;
}
