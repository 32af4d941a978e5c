using System.Net;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>
/// A simulated machine: loops, worker pools, descriptors and one clock, run by one thread at a time. A seed decides what happens next
/// wherever a real machine leaves it open: which loop iterates, in which order descriptors of one priority are ready, which work item runs,
/// when bytes arrive, what goes wrong. The same seed gives the same run. <see cref="Simulation.Run(Action{World}, SimulationOptions?)"/>
/// makes worlds.
/// </summary>
/// <remarks>
/// Everything belongs to the thread that runs the simulation; with <see cref="SimulationOptions.AllowBlocking"/> to whichever of its
/// threads runs. Time stands still while anything can run, and then moves to the next due time. What reads other clocks (<c>Stopwatch</c>,
/// <c>DateTime.Now</c>), other randomness or starts threads leaves the simulation: the package's analyzer warns of it, and the check that a
/// run repeats finds it.
/// </remarks>
public sealed class World
{
    internal const string StrayMessage = "A world belongs to the thread that runs the simulation. The call comes from another thread: "
        + "what has started it (Task.Run, Thread, the thread pool, a timer of the system) has left the simulation.";

    private readonly List<SimulatedLoop> _loops = [];
    private readonly List<SimulatedPool> _pools = [];
    private readonly SimulatedNetwork _network;
    private readonly Scheduler _scheduler;
    private readonly Baton _baton;
    private readonly WorldWaits _waits;
    private bool _hasEnded;

    internal World(
        ulong seed,
        HostThreads? hosts = null,
        bool keepsHashes = false,
        IReadOnlyList<ulong>? expected = null,
        RunReduction? reduction = null)
    {
        Seed = seed;
        Random = new WorldRandom(seed);
        _baton = new Baton(this, hosts);
        Clock = new VirtualClock { Settle = Settle };
        Choices = new Choices(Clock, Random, reduction ?? RunReduction.None);
        _scheduler = new Scheduler(Choices, () => _loops.Exists(loop => loop.IsRealReady), Fail);
        _waits = new WorldWaits(this, _scheduler, _baton);
        History = new History(Clock, keepsHashes, expected);
        Faults = new WorldFaults(this, reduction?.Masked ?? FaultKinds.None);
        Signals = new WorldSignals(this);
        Children = new ChildTable(this);
        _network = new SimulatedNetwork(this);
        Directories = new WorldDirectories(this);
    }

    /// <summary>What decides the run.</summary>
    public ulong Seed { get; }

    /// <summary>The clock of everything in it. <see cref="VirtualClock.Advance"/> runs loops and pools at each due time.</summary>
    public VirtualClock Clock { get; }

    /// <summary>Random numbers of the seed, for the program under test and its clients.</summary>
    public WorldRandom Random { get; }

    /// <summary>What may go wrong. Nothing, unless allowed.</summary>
    public WorldFaults Faults { get; }

    /// <summary>The signals of the process in which all loops are.</summary>
    public WorldSignals Signals { get; }

    /// <summary>The files and directories that file events of its loops watch.</summary>
    public WorldDirectories Directories { get; }

    /// <summary>The loops, in the order in which they were created.</summary>
    public IReadOnlyList<SimulatedLoop> Loops => _loops;

    /// <summary>How many descriptors may be open; more are refused with <c>EMFILE</c>. Default: 1,048,576.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public int DescriptorLimit
    {
        get => Descriptors.Limit;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Descriptors.Limit = value;
        }
    }

    /// <summary>How many descriptors are open.</summary>
    public int OpenDescriptors => Descriptors.Count;

    /// <summary>A hash of everything that has happened. Two runs of one seed have the same.</summary>
    public ulong Hash => History.Hash;

    internal History History { get; }

    internal Choices Choices { get; }

    /// <summary>Whether the calling thread runs the simulation. Any thread.</summary>
    internal bool IsOnThread => _baton.IsMine;

    internal DescriptorTable Descriptors { get; } = new();

    internal ChildTable Children { get; }

    /// <summary>How much has happened: steps, and entries of the history.</summary>
    internal long Effort => _scheduler.Steps + History.Count;

    /// <inheritdoc cref="Scheduler.Activity"/>
    internal long Activity => _scheduler.Activity;

    /// <summary>Creates a loop.</summary>
    /// <param name="name">Its name, in messages and histories.</param>
    /// <param name="configure">
    /// Sets its options; null for the defaults. Name, clock and poller are the world's; it neither spins before it sleeps nor has a
    /// watchdog, which would measure real time. Unless it has workers, work runs on a pool of the world's with two threads.
    /// </param>
    /// <returns>The loop.</returns>
    /// <exception cref="ArgumentException">The name is empty, or an option is out of range.</exception>
    public SimulatedLoop CreateLoop(string name, Action<EventManagerOptions>? configure = null)
    {
        RequireThread();
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        EventManagerOptions options = new();
        configure?.Invoke(options);
        options.Workers ??= CreatePool($"{name}'s workers", threads: 2);
        SimulatedLoop loop = new(this, name, options);
        _loops.Add(loop);
        _scheduler.Add(loop);
        return loop;
    }

    /// <summary>Creates workers.</summary>
    /// <param name="name">Their name, in messages and histories.</param>
    /// <param name="threads">How many items may be under way at once; 1 or more.</param>
    /// <param name="capacity">How many items may wait; 1 or more.</param>
    /// <returns>The pool, for <see cref="EventManagerOptions.Workers"/>.</returns>
    /// <exception cref="ArgumentException">The name is empty, or a number is below 1.</exception>
    public SimulatedPool CreatePool(string name, int threads = 2, int capacity = int.MaxValue)
    {
        RequireThread();
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        SimulatedPool pool = new(this, name, threads, capacity);
        _pools.Add(pool);
        _scheduler.Add(pool);
        return pool;
    }

    /// <summary>Starts a child of the process, which does what the test lets it do.</summary>
    /// <param name="name">Its name, in messages and histories.</param>
    /// <returns>The child. The program under test gets its id where it would get that of a process that it has started.</returns>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public SimulatedChild StartChild(string name = "child")
    {
        RequireThread();
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Children.Start(name);
    }

    /// <summary>Creates a pipe.</summary>
    /// <param name="name">Its name, in messages and histories.</param>
    /// <param name="link">How bytes travel; null for at once.</param>
    /// <returns>The end that reads and the end that writes. The caller disposes both.</returns>
    /// <exception cref="InvalidOperationException">The call comes from another thread.</exception>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public (FdHandle Reader, FdHandle Writer) CreatePipe(string name = "pipe", SimulatedLink? link = null)
    {
        RequireThread();
        ByteChannel channel = new(this, name, link ?? new SimulatedLink());
        return OpenBoth(new PipeReader(channel, name), new PipeWriter(channel, name));
    }

    /// <summary>Creates two connected stream sockets.</summary>
    /// <param name="name">Their name, in messages and histories.</param>
    /// <param name="link">How bytes travel; null for at once.</param>
    /// <returns>Both ends. The caller disposes both.</returns>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public (FdHandle First, FdHandle Second) CreateSocketPair(string name = "pair", SimulatedLink? link = null)
    {
        RequireThread();
        (Connection first, Connection second) = Connection.CreatePair(this, $"{name}[0]", $"{name}[1]", link ?? new SimulatedLink());
        return OpenBoth(first, second);
    }

    /// <summary>Gives an open file another number (<c>dup(2)</c>): it is closed when the last one is.</summary>
    /// <param name="handle">A descriptor of this world.</param>
    /// <returns>The other number. The caller disposes it.</returns>
    /// <exception cref="ArgumentException">It is no descriptor of this world.</exception>
    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public FdHandle Duplicate(FdHandle handle)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(handle);
        if (handle is not SimulatedHandle simulated || simulated.World != this)
        {
            throw new ArgumentException("It is no simulated descriptor of this world.", nameof(handle));
        }

        ObjectDisposedException.ThrowIf(handle.IsClosed, handle);
        return new SimulatedHandle(this, simulated.File);
    }

    /// <summary>Listens for connections.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="backlog">How many connections may wait to be accepted; more are refused.</param>
    /// <returns>The listening socket. The caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="backlog"/> is below 1.</exception>
    /// <exception cref="IOException">Somebody listens there, or the limit of open descriptors is reached.</exception>
    public FdHandle Listen(IPEndPoint endpoint, int backlog = 128)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(backlog, 1);
        return _network.Listen(endpoint, backlog);
    }

    /// <summary>Connects to a listener.</summary>
    /// <param name="endpoint">Where it listens.</param>
    /// <param name="link">How bytes travel; null for at once.</param>
    /// <returns>The connection; null if it was refused, because nobody listens or the queue is full.</returns>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public FdHandle? TryConnect(IPEndPoint endpoint, SimulatedLink? link = null)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(endpoint);
        return _network.TryConnect(endpoint, link ?? new SimulatedLink());
    }

    /// <summary>Opens a socket that receives datagrams from anybody.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="capacity">How many bytes may wait in it; what finds no room is lost. 1 or more.</param>
    /// <returns>The socket, for <see cref="NonBlocking.TryRead"/> and <see cref="DatagramBatch"/>. The caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is below 1.</exception>
    /// <exception cref="IOException">Somebody receives there, or the limit of open descriptors is reached.</exception>
    public FdHandle BindDatagrams(IPEndPoint endpoint, int capacity = 212_992)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(endpoint);
        return _network.BindDatagrams(endpoint, new SimulatedLink { Capacity = capacity });
    }

    /// <summary>Opens a socket that sends datagrams to one place, by <see cref="NonBlocking.TryWrite"/>, and receives from there.</summary>
    /// <param name="endpoint">Where to. If nobody receives there, the next call says <c>ECONNREFUSED</c>.</param>
    /// <param name="link">How datagrams travel, and how many bytes may wait in it; null for at once.</param>
    /// <returns>The socket. The caller disposes it.</returns>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public FdHandle ConnectDatagrams(IPEndPoint endpoint, SimulatedLink? link = null)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(endpoint);
        return _network.ConnectDatagrams(endpoint, link ?? new SimulatedLink());
    }

    /// <summary>Resets a connection, as its peer's machine does when it restarts: what is under way and unread is lost.</summary>
    /// <param name="connection">One end of it.</param>
    /// <exception cref="ArgumentException">It is no connection of this world.</exception>
    public void Reset(FdHandle connection)
    {
        RequireThread();
        Connection end = (connection as SimulatedHandle)?.File as Connection
            ?? throw new ArgumentException("It is no simulated connection.", nameof(connection));
        end.Reset();
        end.ResetPeer();
    }

    /// <summary>Calls back at a time, before the loops that find something due then. For clients, and for what happens by itself.</summary>
    /// <param name="delay">How long from now; zero or more.</param>
    /// <param name="action">What happens.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative.</exception>
    public void At(TimeSpan delay, Action action)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(action);
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Schedule(delay, _baton.HasThreads ? () => _baton.RunApart(action, ExecutionContext.Capture()) : action);
    }

    /// <summary>Moves the clock forward, due time by due time; everything that can run runs at each.</summary>
    /// <param name="span">By how much; zero or more. With zero, everything runs that can run now.</param>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative.</exception>
    /// <exception cref="SimulationFailedException">Something never comes to rest.</exception>
    public void Advance(TimeSpan span)
    {
        RequireThread();
        Clock.Advance(span);
    }

    /// <summary>Runs everything that can run, without moving the clock.</summary>
    public void RunUntilIdle() => Advance(TimeSpan.Zero);

    /// <summary>Runs, and moves the clock where nothing can run, until something is so.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="limit">
    /// The longest time that may pass; null for an hour, <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative and not infinite.</exception>
    /// <exception cref="SimulationFailedException">
    /// Nothing can run any more and no timer is started, or the time is over. The message says who waits for what.
    /// </exception>
    public void RunUntil(Func<bool> condition, TimeSpan? limit = null)
    {
        RequireThread();
        ArgumentNullException.ThrowIfNull(condition);
        TimeSpan longest = limit ?? TimeSpan.FromHours(1);
        if (longest < TimeSpan.Zero && longest != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "A limit is zero or more, or Timeout.InfiniteTimeSpan for none.");
        }

        _waits.RunUntil(condition, longest);
    }

    /// <summary>Runs until a task has ended, and throws what it has thrown.</summary>
    /// <param name="task">The task. What it waits for happens in this world.</param>
    /// <param name="limit">As for <see cref="RunUntil"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative and not infinite.</exception>
    /// <exception cref="SimulationFailedException">As for <see cref="RunUntil"/>.</exception>
    public void RunUntilEnded(Task task, TimeSpan? limit = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        RunUntil(() => task.IsCompleted, limit);
        task.GetAwaiter().GetResult();
    }

    /// <summary>As <see cref="RunUntilEnded(Task, TimeSpan?)"/>, with the task's result.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="task">The task. What it waits for happens in this world.</param>
    /// <param name="limit">As for <see cref="RunUntil"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative and not infinite.</exception>
    /// <exception cref="SimulationFailedException">As for <see cref="RunUntil"/>.</exception>
    public T RunUntilEnded<T>(Task<T> task, TimeSpan? limit = null)
    {
        RunUntilEnded((Task)task, limit);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>
    /// In a work item or a callback: here the thread could lose its processor. Others may run, as the seed decides, before it returns.
    /// </summary>
    public void Yield()
    {
        RequireThread();
        _ = Sleep(looksAgain: true);
    }

    /// <summary>Adds a line to the history, for the report of a failure.</summary>
    /// <param name="text">The line.</param>
    public void Note(string text) => History.Add(HistoryKind.Note, text);

    /// <summary>Fails the run unless something is so.</summary>
    /// <param name="condition">What must be so.</param>
    /// <param name="message">What is wrong otherwise.</param>
    /// <exception cref="SimulationFailedException">It is not so.</exception>
    public void Assert(bool condition, string message)
    {
        if (!condition)
        {
            Fail(message);
        }
    }

    /// <summary>What is open, started or waiting, a line each: what a program that has ended should not leave behind.</summary>
    /// <returns>The lines; none if nothing is left.</returns>
    public IReadOnlyList<string> FindLeaks() => WorldReport.FindLeaks(this, _pools);

    /// <summary>While a loop waits: others may run, as the seed decides.</summary>
    /// <param name="looksAgain">As for <see cref="Scheduler.TryRunOne"/>.</param>
    /// <returns>Whether something did.</returns>
    internal bool Sleep(bool looksAgain = false)
    {
        bool hasRun = false;
        while (!_baton.IsOver && Choices.Happens(2, "others run while a loop sleeps or work yields") && _scheduler.TryRunOne(looksAgain))
        {
            hasRun = true;
        }

        return hasRun;
    }

    /// <summary>As <see cref="At"/>, for what the world does itself, which never blocks.</summary>
    internal void Schedule(TimeSpan delay, Action action) => Clock.At(delay, () =>
    {
        NoteActivity();
        action();
    });

    internal void NoteActivity() => _scheduler.NoteActivity();

    internal void AddActor(IActor actor) => _scheduler.Add(actor);

    /// <inheritdoc cref="Baton.TryCreate"/>
    internal WorldThread? TryCreateThread(string name, SimulatedLoop? loop = null) => _baton.TryCreate(name, loop);

    /// <inheritdoc cref="WorldWaits.StartTimeout"/>
    internal VirtualTimer? StartTimeout(TimeSpan timeout, Action expired) => _waits.StartTimeout(timeout, expired);

    /// <inheritdoc cref="WorldWaits.ObstacleTo"/>
    internal string? ObstacleTo(SimulatedLoop target) => _waits.ObstacleTo(target);

    /// <inheritdoc cref="WorldWaits.Await"/>
    internal bool Await(SimulatedLoop target, Func<bool> isOver, TimeSpan timeout) => _waits.Await(target, isOver, timeout);

    internal void Close(int number)
    {
        // A finalizer closes on its own thread, at a time that no seed decides.
        if (IsOnThread)
        {
            Descriptors.Close(number);
        }
    }

    /// <summary>Everything is the simulating thread's.</summary>
    internal void RequireThread()
    {
        if (!IsOnThread)
        {
            throw new InvalidOperationException(StrayMessage);
        }

        ObjectDisposedException.ThrowIf(_hasEnded, this);
    }

    /// <summary>
    /// Runs the program. Its asynchronous parts go on here after each <c>await</c>, in an order that the seed decides.
    /// </summary>
    internal void Run(Action<World> program)
    {
        ProgramContext context = new(this);
        _scheduler.Add(context);
        context.Send(_ => program(this), state: null);
    }

    /// <summary>Ends loops and pools. Whoever waits for a loop goes on, and ends.</summary>
    internal void End()
    {
        foreach (SimulatedPool pool in _pools)
        {
            pool.Drop();
        }

        for (int i = _loops.Count - 1; i >= 0; i--)
        {
            _loops[i].Dispose();
        }

        _baton.Settle();
        if (_baton.Blocked.Any())
        {
            Fail("The program has ended, and a thread still waits.");
        }
    }

    /// <inheritdoc cref="Baton.End"/>
    internal IReadOnlyList<string> EndThreads() => _baton.End();

    internal void Retire()
    {
        _hasEnded = true;
        _baton.Retire();
    }

    /// <inheritdoc cref="WorldReport.Describe"/>
    internal string Describe() => WorldReport.Describe(this, _pools, _waits.All);

    internal void Fail(string message) => throw new SimulationFailedException($"{message}\n{Describe()}");

    private (FdHandle First, FdHandle Second) OpenBoth(SimulatedFile first, SimulatedFile second)
    {
        SimulatedHandle handle = new(this, first);
        try
        {
            return (handle, new SimulatedHandle(this, second));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    // Called by the clock whenever it has stopped at a due time.
    private void Settle()
    {
        NoteTime();
        while (_scheduler.TryStep())
        {
        }
    }

    /// <summary>The clock has moved.</summary>
    internal void NoteTime()
    {
        _scheduler.OnMoved();
        History.Add(HistoryKind.Time, subject: null);
        if (Faults.Happens(FaultKinds.ClockStep))
        {
            TimeSpan step = Random.Next(TimeSpan.Zero, TimeSpan.FromHours(2)) - TimeSpan.FromHours(1);
            Clock.StepWallClock(step);
        }
    }
}
