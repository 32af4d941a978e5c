namespace Vigil.Testing;

/// <summary>
/// The workers of a <see cref="World"/>: give it to <see cref="EventManagerOptions.Workers"/>. The world runs the items, one
/// at a time, in an order that the seed decides: of each priority any item may be next. An item that calls <see cref="World.Yield"/> or
/// blocks lets others run in the middle of it.
/// </summary>
public sealed class SimulatedPool : IWorkExecutor, IActor
{
    private readonly World _world;
    private readonly List<WorkItem> _items = [];
    private readonly bool[] _isBusy;
    private readonly WorldThread?[] _threads;
    private int _running;

    internal SimulatedPool(World world, string name, int threads, int capacity)
    {
        _world = world;
        Name = name;
        Capacity = capacity;
        _isBusy = new bool[threads];
        _threads = new WorldThread?[threads];
    }

    /// <summary>Its name, in histories.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public int ThreadCount => _isBusy.Length;

    /// <summary>How many items may wait; more are refused, as by a full <see cref="WorkerPool"/>.</summary>
    public int Capacity { get; }

    /// <summary>How many items wait.</summary>
    public int Waiting => _items.Count;

    /// <summary>How many items are being run. More than one only where an item yields or blocks.</summary>
    public int Running => _running;

    /// <summary>How many items have ended.</summary>
    public long Done { get; private set; }

    bool IActor.IsRunnable => CanRunOne;

    bool IActor.CanLook => CanRunOne;

    private bool CanRunOne => _items.Count > 0 && _running < _isBusy.Length && _items.Exists(CanRun);

    /// <inheritdoc/>
    public bool TryExecute(in WorkItem item)
    {
        _world.RequireThread();
        if (_items.Count >= Capacity && !item.IsUnbounded)
        {
            return false;
        }

        _items.Add(item);
        _world.NoteActivity();
        return true;
    }

    /// <summary>Runs one item. It may block in the middle, and is then gone on with by its thread.</summary>
    void IActor.Step()
    {
        // By index: items are equal whose states are, and each is to run.
        int[] ready = [.. Enumerable.Range(0, _items.Count).Where(index => CanRun(_items[index]))];
        WorkPriority priority = ready.Max(index => _items[index].Priority);
        int[] candidates = [.. ready.Where(index => _items[index].Priority == priority)];

        // A lower priority has its turn, too: a pool lets waiting work age.
        if (candidates.Length < ready.Length && _world.Choices.Happens(8, "work of a lower priority has its turn"))
        {
            candidates = ready;
        }

        int place = candidates[_world.Choices.Next(candidates.Length, "which work item runs")];
        WorkItem chosen = _items[place];
        _items.RemoveAt(place);
        int[] free = [.. Enumerable.Range(0, _isBusy.Length).Where(thread => !_isBusy[thread])];
        int thread = chosen.ThreadNumber ?? free[_world.Choices.Next(free.Length, "which worker runs it")];
        _isBusy[thread] = true;
        _running++;
        _world.History.Add(HistoryKind.Work, Name, (long)chosen.Priority, thread);

        _threads[thread] ??= _world.TryCreateThread($"thread {thread} of {Name}");
        if (_threads[thread] is { } own)
        {
            own.Run(() => Run(chosen, thread));
        }
        else
        {
            Run(chosen, thread);
        }
    }

    private void Run(WorkItem chosen, int thread)
    {
        // A worker has no context of its own.
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            chosen.Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
            _isBusy[thread] = false;
            _running--;
            Done++;
            _world.NoteActivity();
        }
    }

    /// <summary>Drops what waits, as a pool does that ends.</summary>
    internal void Drop()
    {
        WorkItem[] left = [.. _items];
        _items.Clear();
        foreach (WorkItem item in left)
        {
            item.Drop();
        }
    }

    private bool CanRun(WorkItem item) => item.ThreadNumber is not { } thread || !_isBusy[thread];
}
