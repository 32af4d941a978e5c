namespace Vigil.Testing;

/// <summary>
/// The right to run in a world. Exactly one thread has it: the program's, or a <see cref="WorldThread"/>'s.
/// </summary>
/// <remarks>
/// <para>Without <see cref="SimulationOptions.AllowBlocking"/> the program's thread has it all the time. It runs everything, and what runs
/// while a loop sleeps or work yields is above that on the same stack. So nothing there can block: what it waits for may be below it. (In a
/// sample, 578 of 1,000 work items had their own loop asleep below them.)</para>
/// <para>With it, each loop, each thread of a pool and each action of <see cref="World.At"/> is a <see cref="WorldThread"/>.</para>
/// <list type="number">
/// <item>Whoever lets another do something, its <b>stepper</b>, passes the baton to it and waits for its own turn. So the threads that wait
/// for their turn are a chain from the program to who runs, as they would be frames on one stack.</item>
/// <item>A thread gives the baton back to its stepper when its work ends, or when it blocks (<see cref="WorldThread.Block"/>) until a
/// condition holds or a time of the world is over. For the stepper both are the end of a step: it goes on to choose by seed.</item>
/// <item>A blocked thread is in no chain. It is one of the scheduler's actors, runnable when its condition holds or its time is over.
/// Whoever chooses it then is its new stepper. So conditions are looked at between steps only, on any thread that has the baton; they read
/// and write nothing else.</item>
/// <item>The program's thread has nobody to give the baton to. While it waits for a loop, it runs the world, and moves the clock where
/// nothing can run, as <see cref="World.RunUntil"/> does. It cannot in a callback of the clock, which is being moved already.</item>
/// <item>What a step throws goes to its stepper, as it would on one stack. So a failure unwinds the chain. The threads that are blocked
/// then are resumed by <see cref="End"/>, one after the other, and their waits end with an exception: they unwind, too. A thread that
/// catches it and blocks again without end is given up and reported.</item>
/// </list>
/// <para>Passing the baton is a semaphore's release and wait, a full fence each: the world's objects need no locks. Each thread has
/// contexts of its own; none flows from the starter, and none is left when a step's work has ended.</para>
/// </remarks>
internal sealed class Baton
{
    private readonly World _world;
    private readonly HostThreads? _hosts;
    private readonly Turn _program = new();
    private readonly List<WorldThread> _threads = [];
    private readonly List<WorldThread> _ofActions = [];
    private int _holder = Environment.CurrentManagedThreadId;

    /// <param name="world">The world.</param>
    /// <param name="hosts">The threads; null if the program's thread runs everything.</param>
    public Baton(World world, HostThreads? hosts)
    {
        _world = world;
        _hosts = hosts;
    }

    /// <summary>Whether loops and workers have threads of their own.</summary>
    public bool HasThreads => _hosts is not null;

    public HostThreads Hosts => _hosts!;

    /// <summary>Whether the calling thread has the baton. Any thread.</summary>
    public bool IsMine => Environment.CurrentManagedThreadId == Volatile.Read(ref _holder);

    /// <summary>Who has it; null for the program's thread.</summary>
    public WorldThread? Current { get; private set; }

    /// <summary>The turn of who has it.</summary>
    public Turn Turn => Current?.Turn ?? _program;

    /// <summary>Whether the run is over: whoever waits for something waits in vain.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Those that are blocked, in the order of their creation.</summary>
    public IEnumerable<WorldThread> Blocked => _threads.Where(thread => thread.WaitsFor is not null);

    /// <summary>Creates a thread; null if the program's thread runs everything.</summary>
    public WorldThread? TryCreate(string name, SimulatedLoop? loop = null)
    {
        if (!HasThreads)
        {
            return null;
        }

        WorldThread thread = new(_world, this, name, loop);
        _threads.Add(thread);
        _world.AddActor(thread);
        return thread;
    }

    /// <summary>Runs an action on a thread of its own, in a context.</summary>
    public void RunApart(Action action, ExecutionContext? context)
    {
        WorldThread? thread = _ofActions.Find(thread => !thread.IsBusy);
        if (thread is null)
        {
            thread = TryCreate("an action of World.At")!;
            _ofActions.Add(thread);
        }

        thread.Run(context is null ? action : () => ExecutionContext.Run(context, static action => ((Action)action!)(), action));
    }

    /// <summary>The calling thread has got the baton.</summary>
    public void Take() => Volatile.Write(ref _holder, Environment.CurrentManagedThreadId);

    /// <summary>Passes it to a thread, and waits until that gives it back.</summary>
    public void Pass(WorldThread next, Turn turn)
    {
        WorldThread? stepper = Current;
        Turn mine = Turn;
        Current = next;
        turn.Give();
        mine.Await();
        Take();
        Current = stepper;
    }

    /// <summary>Lets those go on that are blocked and need not be, until there are none.</summary>
    public void Settle()
    {
        while (_threads.Find(thread => thread.IsRunnable) is { } thread)
        {
            thread.Step();
        }
    }

    /// <summary>Ends the run: unwinds the threads that are still blocked. On the program's thread.</summary>
    /// <returns>The names of those that do not end.</returns>
    public IReadOnlyList<string> End()
    {
        IsOver = true;
        foreach (WorldThread thread in Blocked.ToArray())
        {
            try
            {
                thread.Step();
            }
            catch (Exception)
            {
                // What has ended the run is what is told.
            }
        }

        return [.. _threads.Where(thread => thread.IsLost).Select(thread => thread.Name)];
    }

    /// <summary>Gives the threads back, for the next world.</summary>
    public void Retire()
    {
        foreach (WorldThread thread in _threads)
        {
            thread.Detach();
        }
    }
}
