namespace Vigil.Testing;

/// <summary>Something of a world that can do one thing at a time: an iteration of a loop, an item of a pool.</summary>
internal interface IActor
{
    /// <summary>Whether it may have something to do now.</summary>
    bool IsRunnable { get; }

    /// <summary>Whether it can look for something to do, even if it has found nothing the last time.</summary>
    bool CanLook { get; }

    /// <summary>
    /// Whether it runs the world itself, as the program does that moves the clock. It is not run while a loop sleeps or work yields, which
    /// are on the stack below then, and could not go on.
    /// </summary>
    bool RunsWorld => false;

    /// <summary>The loop that its step enters or goes on with, and that nobody else may enter meanwhile; null for none.</summary>
    SimulatedLoop? EnteredLoop => null;

    /// <summary>Lets it do one thing.</summary>
    void Step();
}

/// <summary>
/// Decides what happens next in a world. As long as anything can run, one of those that can is drawn and does one thing; then the clock
/// moves.
/// </summary>
/// <remarks>
/// Nobody can tell from outside whether a loop has work: another thread may have posted some, or an event may be ready that nobody asked
/// for. So a loop counts as idle when it has made an iteration that found nothing, after the last activity anywhere. Any activity gives
/// every loop another look. Hooks run in an iteration that finds nothing, too, and what they post is no activity that is seen: when all
/// are idle, each looks once more before the clock moves.
/// </remarks>
internal sealed class Scheduler
{
    // Steps without any movement of the clock.
    private const int MaxStepsAtOneTime = 1_000_000;

    private readonly Choices _choices;
    private readonly Func<bool> _hasRealWork;
    private readonly Action<string> _fail;
    private readonly List<IActor> _actors = [];
    private readonly List<IActor> _runnable = [];

    // Whose iterations are on the stack.
    private readonly HashSet<SimulatedLoop> _stepping = [];
    private long _stepsAtOneTime;

    // How many loops and work items are on the stack.
    private int _depth;

    // The activity after which all have looked twice.
    private long _lookedTwiceAt = -1;

    /// <param name="choices">Chooses.</param>
    /// <param name="hasRealWork">Asked when nothing can run: whether one of the kernel's descriptors is ready.</param>
    /// <param name="fail">Fails the run with a message.</param>
    public Scheduler(Choices choices, Func<bool> hasRealWork, Action<string> fail)
    {
        _choices = choices;
        _hasRealWork = hasRealWork;
        _fail = fail;
    }

    /// <summary>How many steps were made.</summary>
    public long Steps { get; private set; }

    /// <summary>Counts what may give a loop something to do.</summary>
    public long Activity { get; private set; }

    /// <summary>
    /// The loop or pool that runs now; null if the program does. While loops sleep and work yields, the innermost.
    /// </summary>
    public IActor? Innermost { get; private set; }

    public void Add(IActor actor) => _actors.Add(actor);

    public void NoteActivity() => Activity++;

    /// <summary>The clock has moved.</summary>
    public void OnMoved()
    {
        Activity++;
        _stepsAtOneTime = 0;
    }

    /// <summary>Lets one thing happen that can happen now; false if there is nothing.</summary>
    /// <exception cref="SimulationFailedException">The clock has not moved for too many steps.</exception>
    public bool TryStep()
    {
        if (TryRunOne(looksAgain: false))
        {
            return true;
        }

        if (_hasRealWork())
        {
            // Its loop may be on the stack below, and then never looks.
            CountStep();
            Activity++;
            return true;
        }

        if (_lookedTwiceAt == Activity)
        {
            return false;
        }

        _lookedTwiceAt = ++Activity;
        return true;
    }

    /// <summary>
    /// As <see cref="TryStep"/>, without a look at the kernel's descriptors: for a loop that sleeps and work that yields.
    /// </summary>
    /// <param name="looksAgain">Whether an idle loop may look again: foreign code has run, and may have posted something to it.</param>
    /// <exception cref="SimulationFailedException">The clock has not moved for too many steps.</exception>
    public bool TryRunOne(bool looksAgain)
    {
        _runnable.Clear();
        foreach (IActor actor in _actors)
        {
            // Who yields or sleeps in the middle of an iteration is on the stack below, and not to be entered again.
            if ((looksAgain ? actor.CanLook : actor.IsRunnable) && !IsEntered(actor) && (_depth == 0 || !actor.RunsWorld))
            {
                _runnable.Add(actor);
            }
        }

        if (_runnable.Count == 0)
        {
            return false;
        }

        CountStep();
        IActor chosen = _runnable[_runnable.Count == 1 ? 0 : _choices.Next(_runnable.Count, "who runs next")];
        SimulatedLoop? entered = chosen.EnteredLoop;
        if (entered is not null)
        {
            _stepping.Add(entered);
        }

        int depth = chosen.RunsWorld ? 0 : 1;
        IActor? outer = Innermost;
        _depth += depth;
        Innermost = chosen.RunsWorld ? null : chosen;
        try
        {
            // With threads, it returns also when its thread blocks in the middle of something: that thread is an actor of its own then.
            chosen.Step();
        }
        finally
        {
            Innermost = outer;
            _depth -= depth;
            if (entered is not null)
            {
                _stepping.Remove(entered);
            }
        }

        return true;
    }

    private bool IsEntered(IActor actor) => actor.EnteredLoop is { } loop && _stepping.Contains(loop);

    private void CountStep()
    {
        Steps++;
        if (++_stepsAtOneTime > MaxStepsAtOneTime)
        {
            _fail($"{MaxStepsAtOneTime} steps were made and the clock did not move: something never comes to rest.");
        }
    }
}
