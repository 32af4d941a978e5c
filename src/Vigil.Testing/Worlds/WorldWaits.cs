namespace Vigil.Testing;

/// <summary>
/// The waits of a world: the program's for a condition, and anybody's for a loop. While the program waits, everything else goes on, and the
/// clock moves where nothing can run.
/// </summary>
internal sealed class WorldWaits
{
    // How often in a row the clock may find a timer due without having moved.
    private const int MaxRoundsAtOneTime = 1_000_000;

    private readonly World _world;
    private readonly Scheduler _scheduler;
    private readonly Baton _baton;

    // The loops that the program's thread waits for, the innermost last.
    private readonly List<SimulatedLoop> _awaited = [];

    public WorldWaits(World world, Scheduler scheduler, Baton baton)
    {
        _world = world;
        _scheduler = scheduler;
        _baton = baton;
    }

    /// <summary>Who waits for which loop.</summary>
    public IEnumerable<(string Waiter, SimulatedLoop? Own, SimulatedLoop Target)> All => _awaited
        .Select(target => ("the program", (SimulatedLoop?)null, target))
        .Concat(_baton.Blocked.Select(thread => (thread.Name, thread.Loop, thread.WaitsFor!)));

    /// <summary>Runs everything, and moves the clock where nothing can run, until something is so.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="longest">The longest time that may pass, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <exception cref="SimulationFailedException">It does not come to pass.</exception>
    public void RunUntil(Func<bool> condition, TimeSpan longest)
    {
        TimeSpan end = longest == Timeout.InfiniteTimeSpan || longest > TimeSpan.MaxValue - _world.Clock.Elapsed
            ? TimeSpan.MaxValue
            : _world.Clock.Elapsed + longest;
        RunApart(() => Pump(condition, longest, end));
    }

    /// <summary>Why the calling thread cannot wait for a loop; null if it can, or if that is the loop's own callback.</summary>
    public string? ObstacleTo(SimulatedLoop target)
    {
        if (!_baton.IsMine)
        {
            return World.StrayMessage;
        }

        if (_baton.Current is null && _scheduler.Innermost is { } innermost)
        {
            return innermost == target
                ? null
                : "Callbacks and work items of a simulation may block only with SimulationOptions.AllowBlocking. Then each loop and each "
                    + "worker has a stack of its own.";
        }

        return _world.Clock.IsMovedHere
            ? "A callback of the clock, which is being moved, cannot run what it waits for. One of World.At may block with "
                + "SimulationOptions.AllowBlocking."
            : null;
    }

    /// <summary>The calling thread waits for a loop in the middle of something: everything else goes on.</summary>
    /// <param name="target">The loop.</param>
    /// <param name="isOver">What it waits for.</param>
    /// <param name="timeout">For how long.</param>
    /// <returns>Whether the condition holds.</returns>
    /// <exception cref="InvalidOperationException">It cannot wait.</exception>
    /// <exception cref="SimulationFailedException">Nothing can run any more, or the run is over.</exception>
    public bool Await(SimulatedLoop target, Func<bool> isOver, TimeSpan timeout)
    {
        if (isOver())
        {
            return true;
        }

        if (ObstacleTo(target) is { } obstacle)
        {
            throw new InvalidOperationException(obstacle);
        }

        // Nothing can be due before what can run has run. So the seed decides whether a time of zero is over at once.
        if (timeout == TimeSpan.Zero && _world.Choices.Happens(2, "a wait of no time is over at once"))
        {
            return false;
        }

        return _baton.Current is { } thread ? thread.Block(target, isOver, timeout) : AwaitInProgram(target, isOver, timeout);
    }

    /// <summary>Calls back when the timeout of a wait is over, unless it is disposed before.</summary>
    /// <param name="timeout">The timeout; zero or more, or infinite for none.</param>
    /// <param name="expired">What to call.</param>
    /// <returns>Null if there is none.</returns>
    public VirtualTimer? StartTimeout(TimeSpan timeout, Action expired) =>
        timeout == Timeout.InfiniteTimeSpan ? null : _world.Clock.At(timeout, expired);

    private bool AwaitInProgram(SimulatedLoop target, Func<bool> isOver, TimeSpan timeout)
    {
        bool isExpired = false;
        using VirtualTimer? timer = StartTimeout(timeout, () => isExpired = true);
        _awaited.Add(target);
        try
        {
            RunUntil(() => isExpired || isOver(), Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _awaited.RemoveAt(_awaited.Count - 1);
        }

        return isOver();
    }

    // The caller's context is not theirs who run meanwhile.
    private static void RunApart(Action run)
    {
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void Pump(Func<bool> condition, TimeSpan longest, TimeSpan end)
    {
        // The caller is foreign code, and may have posted something since the loops have last looked.
        _world.NoteActivity();
        int rounds = 0;
        while (!condition())
        {
            if (_baton.IsOver)
            {
                _world.Fail("The run is over, and what is waited for does not come to pass any more.");
            }

            if (_scheduler.TryStep())
            {
                continue;
            }

            if (_world.Clock.UntilNextTimer is not { } next)
            {
                string deadlock = WorldReport.DescribeDeadlock(All) is { } waits ? $"Deadlock: {waits}. " : "";
                _world.Fail($"{deadlock}Nothing can run, no timer is started, and what is waited for has not come to pass.");
                return;
            }

            if (_world.Clock.Elapsed + next > end)
            {
                _world.Fail($"What is waited for has not come to pass within {longest}.");
            }

            rounds = next == TimeSpan.Zero ? rounds + 1 : 0;
            if (rounds > MaxRoundsAtOneTime)
            {
                _world.Fail(
                    $"Timers were due {MaxRoundsAtOneTime} times in a row and the clock did not move: something never comes to rest.");
            }

            _world.Clock.MoveToNextTimer();
            _world.NoteTime();
        }
    }
}
