using System.Reflection;
using System.Runtime.InteropServices;

namespace Exploration;

/// <summary>
/// One execution of a program at a time: real threads that take turns, the stores that each has not yet brought to memory, and what is
/// known about the places in memory. Where more than one step is possible, it asks which one to take.
/// </summary>
/// <remarks>
/// <para>The memory is that of x86 (TSO). A store enters the thread's buffer. A load takes the newest store to its place from the thread's
/// own buffer, otherwise what is in memory. The oldest store of a buffer reaches memory in a step of its own, at any time. Atomic changes,
/// fences and system calls wait until the thread's buffer is empty.</para>
/// <para>Steps that no other thread can tell apart need no choice: entering a store, loading from one's own buffer, and accesses to places
/// where no two threads meet without having synchronised. Which those are is assumed at first and checked in each execution, by vector
/// clocks.</para>
/// <para>A place is its address. The explorer sees to it that the garbage collector moves nothing meanwhile.</para>
/// </remarks>
internal sealed unsafe class Execution : IDisposable
{
    /// <summary>After so many steps it counts as endless.</summary>
    public const int MostSteps = 5_000;

    private static readonly UInt128 HasStored = (UInt128)1 << 64;
    private static readonly UInt128 WentRound = (UInt128)2 << 64;
    private static readonly UInt128 PassedFence = (UInt128)3 << 64;
    private static readonly UInt128 HasRested = (UInt128)4 << 64;

    private readonly SimulatedThread[] _threads;
    private readonly SemaphoreSlim _isOver = new(0);
    private readonly Dictionary<nint, Location> _locations = [];
    private readonly List<int> _steps = [];
    private readonly Func<Execution, List<int>, int> _choose;
    private readonly Dictionary<string, Sharing> _sharing;
    private readonly FieldInfo[] _threadStatics;
    private readonly bool _hasBuffers;
    private readonly bool _mergesStates;
    private readonly KnownObjects _known = new();
    private int _begun;
    private int _taken;
    private UInt128 _memory;

    /// <param name="threads">How many.</param>
    /// <param name="choose">Chooses one of the possible steps; negative ends the execution.</param>
    /// <param name="sharing">What is known of the places, by name; grows.</param>
    /// <param name="threadStatics">The fields of which each thread of each execution has a new one.</param>
    /// <param name="machine">What is explored.</param>
    public Execution(
        int threads,
        Func<Execution, List<int>, int> choose,
        Dictionary<string, Sharing> sharing,
        FieldInfo[] threadStatics,
        Machine machine)
    {
        _choose = choose;
        _sharing = sharing;
        _threadStatics = threadStatics;
        _hasBuffers = machine != Machine.WithoutBuffers;
        _mergesStates = machine == Machine.Merged;
        _threads = [.. Enumerable.Range(0, threads).Select(index => new SimulatedThread(this, index, threads))];
    }

    /// <summary>Whether it is not continued.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What went wrong, or null.</summary>
    public string? Failure { get; private set; }

    public Exception? Exception { get; private set; }

    /// <summary>Whether a place turned out to be one where threads meet.</summary>
    public bool HasLearned { get; private set; }

    /// <summary>Receives the steps, if they are wanted.</summary>
    public List<string>? Trace { get; set; }

    /// <summary>
    /// A digest of the whole state: what each thread has read, which stores are in buffers, and whose stores are in memory.
    /// </summary>
    public UInt128 State
    {
        get
        {
            UInt128 state = _memory;
            foreach (SimulatedThread thread in _threads)
            {
                state = Mixed(state, thread.History);
                foreach (BufferedStore store in thread.Buffer)
                {
                    state = Mixed(state, store.Id);
                }
            }

            return state;
        }
    }

    /// <summary>Runs the threads to their end.</summary>
    public void Run(Scenario scenario)
    {
        IReadOnlyList<Action> bodies = scenario.Threads;
        if (_mergesStates)
        {
            _known.Find(scenario);
        }

        _locations.Clear();
        _begun = 0;
        _taken = 0;
        _memory = 0;
        IsOver = false;
        Failure = null;
        Exception = null;
        HasLearned = false;
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i].Prepare(bodies[i]);
        }

        _threads[0].HasBegun = true;
        _begun = 1;
        _threads[0].GiveTurn();
        _isOver.Wait();
    }

    public void Dispose()
    {
        foreach (SimulatedThread thread in _threads)
        {
            thread.Dispose();
        }

        _isOver.Dispose();
    }

    /// <summary>Ends the execution: the program is wrong.</summary>
    public void Fail(string failure, Exception? exception)
    {
        Failure ??= failure;
        Exception ??= exception;
        IsOver = true;
    }

    /// <summary>Gives the calling thread the thread-static fields of a new thread.</summary>
    public void ClearThreadStatics()
    {
        foreach (FieldInfo field in _threadStatics)
        {
            field.SetValue(null, field.FieldType.IsValueType ? Activator.CreateInstance(field.FieldType) : null);
        }
    }

    public T Load<T>(T* place, SimulatedThread thread, string name, bool isShared)
    {
        Continue();
        Location location = At(place, thread);
        bool isVisible = IsVisible(location, thread, name, isStore: false, isShared);
        FindRace(location, thread, isStore: false);
        for (int i = thread.Buffer.Count - 1; i >= 0; i--)
        {
            if (thread.Buffer[i].Address == (nint)place)
            {
                var own = (BufferedStore<T>)thread.Buffer[i];
                thread.History = Mixed(thread.History, DigestOf(own.Value, own.Id));
                return own.Value;
            }
        }

        if (isVisible)
        {
            Await(thread, needsEmptyBuffer: false, isReady: null, Trace is null ? "" : $"loads {name}");
            Learn(location, thread);
            thread.LoadsSinceSpin.Add((location, location.LatestStore));
        }

        T value = *place;
        thread.History = Mixed(thread.History, DigestOf(value, location.LatestStore));
        if (isVisible)
        {
            Note(thread, $"loads {name}: {value}");
        }

        return value;
    }

    public void Store<T>(T* place, T value, SimulatedThread thread, string name, bool isShared)
    {
        Continue();
        Location location = At(place, thread);
        bool isVisible = IsVisible(location, thread, name, isStore: true, isShared);
        if (!_hasBuffers && isVisible)
        {
            _ = Change(place, _ => (value, true), thread, name, isReady: null);
            return;
        }

        FindRace(location, thread, isStore: true);
        UInt128 id = IdOf(value, location, thread);
        thread.Buffer.Add(
            new BufferedStore<T>((nint)place, location, name, isVisible, id, isVisible ? [.. thread.Clock] : null, value));
        thread.Clock[thread.Index]++;
        if (isVisible)
        {
            Note(thread, $"stores {name} = {value}, seen by itself only");
        }

        FlushInvisible(thread);
    }

    public T Change<T>(T* place, Func<T, (T Value, bool IsStored)> change, SimulatedThread thread, string name, Func<bool>? isReady)
    {
        Continue();
        Location location = At(place, thread);
        _ = IsVisible(location, thread, name, isStore: true, isDeclared: true);
        Await(thread, needsEmptyBuffer: true, isReady, Trace is null ? "" : $"changes {name}");
        FindRace(location, thread, isStore: false);
        T found = *place;
        thread.History = Mixed(thread.History, DigestOf(found, location.LatestStore));
        Learn(location, thread);
        (T value, bool isStored) = change(found);
        if (isStored)
        {
            FindRace(location, thread, isStore: true);
            *place = value;
            Settle(location, IdOf(value, location, thread), [.. thread.Clock]);
            thread.Clock[thread.Index]++;
        }
        else
        {
            thread.LoadsSinceSpin.Add((location, location.LatestStore));
        }

        Note(thread, isStored ? $"changes {name} from {found} to {value}" : $"leaves {name} at {found}");
        return found;
    }

    public T Peek<T>(T* place, SimulatedThread thread, string name)
    {
        Location location = At(place, thread);
        thread.History = Mixed(thread.History, DigestOf(*place, location.LatestStore));
        Learn(location, thread);
        return *place;
    }

    public void Rest(SimulatedThread thread, UInt128 memory)
    {
        Continue();
        if (_mergesStates)
        {
            UInt128 counts = ((UInt128)(uint)thread.Stores << 32) + (UInt128)(uint)thread.Names;
            thread.History = Mixed(Mixed(HasRested + (UInt128)(uint)thread.Index, memory), counts);
            thread.LoadsSinceSpin.Clear();
        }
    }

    public void Fence(SimulatedThread thread)
    {
        Continue();
        if (thread.Buffer.Count > 0)
        {
            Await(thread, needsEmptyBuffer: true, isReady: null, "passes a fence");
            thread.History = Mixed(thread.History, PassedFence);
        }
    }

    public void Spin(SimulatedThread thread)
    {
        Continue();
        Await(
            thread,
            needsEmptyBuffer: false,
            () => thread.LoadsSinceSpin.Exists(load => load.Location.LatestStore != load.Store),
            "goes round its loop");
        thread.History = Mixed(thread.History, WentRound);
        thread.LoadsSinceSpin.Clear();
        Note(thread, "goes round its loop again");
    }

    /// <summary>A thread has ended: gives another its turn.</summary>
    public void PassOn(SimulatedThread ended)
    {
        if (Trace is not null)
        {
            Note(ended, "has ended");
        }

        if (NextThread() is { } next)
        {
            next.GiveTurn();
        }
        else
        {
            _isOver.Release();
        }
    }

    private static UInt128 Mixed(UInt128 digest, UInt128 value)
    {
        UInt128 mixed = (digest ^ value) * new UInt128(0x9E37_79B9_7F4A_7C15, 0xF39C_C060_5CED_C835);
        mixed ^= mixed >> 61;
        mixed *= new UInt128(0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9);
        return (mixed ^ (mixed >> 67)) + 1;
    }

    // What a thread does next depends on the value. Two states in which it has the same value from different stores need not be the same
    // otherwise, but what follows is.
    private UInt128 DigestOf<T>(T value, UInt128 store) => _mergesStates ? _known.DigestOf(value) ?? store : store;

    // What is in memory after a store: a named value at a named place, or else this very store.
    private UInt128 IdOf<T>(T value, Location location, SimulatedThread thread)
    {
        thread.History = Mixed(thread.History, HasStored);
        if (!_mergesStates)
        {
            return thread.History;
        }

        return location.Name != 0 && _known.DigestOf(value) is { } digest
            ? Mixed(location.Name, digest)
            : Mixed(thread.History, (UInt128)(uint)++thread.Stores);
    }

    private void Continue()
    {
        if (IsOver)
        {
            throw new ExecutionEndedException();
        }
    }

    // Ends the execution if it has become visible only now.
    private bool IsVisible(Location location, SimulatedThread thread, string name, bool isStore, bool isDeclared)
    {
        if (!_sharing.TryGetValue(name, out Sharing? sharing))
        {
            _sharing.Add(name, sharing = location.Sharing ?? new Sharing());
        }

        if (location.Sharing is { } known && known != sharing)
        {
            bool wasVisible = known.IsVisible && sharing.IsVisible;
            sharing.Merge(known);
            foreach (string other in _sharing.Where(entry => entry.Value == known).Select(entry => entry.Key).ToArray())
            {
                _sharing[other] = sharing;
            }

            if (!wasVisible && sharing.IsVisible)
            {
                StartAnew();
            }
        }

        location.Sharing = sharing;
        if (sharing.Add(thread.Index, isStore, isDeclared))
        {
            StartAnew();
        }

        return sharing.IsVisible;
    }

    // What was explored so far took a place for unshared that is not.
    private void StartAnew()
    {
        HasLearned = true;
        IsOver = true;
        throw new ExecutionEndedException();
    }

    private void Note(SimulatedThread thread, string step) => Trace?.Add($"{thread.Index}: {step}");

    private Location At<T>(T* place, SimulatedThread thread)
    {
        ref Location? location = ref CollectionsMarshal.GetValueRefOrAddDefault(_locations, (nint)place, out _);
        if (location is null)
        {
            // A place in an object that a thread has made is named after what that thread has done when it first uses it.
            UInt128 known = _mergesStates ? _known.NameOf((nint)place) : 0;
            if (_mergesStates && known == 0)
            {
                known = Mixed(thread.History, (UInt128)(uint)++thread.Names);
            }

            location = new Location(_threads.Length, known);

            // A place that has its first value again is as it was.
            location.LatestStore = known != 0 && _known.DigestOf(*place) is { } digest ? Mixed(known, digest) : 0;
        }

        return location;
    }

    // The thread reads what is in memory, and so knows what the thread knew that stored it.
    private static void Learn(Location location, SimulatedThread thread)
    {
        for (int i = 0; location.StoreClock is not null && i < thread.Clock.Length; i++)
        {
            thread.Clock[i] = Math.Max(thread.Clock[i], location.StoreClock[i]);
        }
    }

    private void Settle(Location location, UInt128 id, int[]? clock)
    {
        _memory += id - location.LatestStore;
        location.LatestStore = id;
        location.StoreClock = clock;
    }

    // Two threads meet at a place if one of them stores there and neither knows of the other's access. Then each access counts.
    private void FindRace(Location location, SimulatedThread thread, bool isStore)
    {
        bool isRace = location.LastWriter >= 0 && location.LastWriter != thread.Index
            && location.LastWriteTime > thread.Clock[location.LastWriter];
        for (int other = 0; isStore && other < _threads.Length; other++)
        {
            isRace |= other != thread.Index && location.LoadTimes[other] > thread.Clock[other];
        }

        if (isStore)
        {
            location.LastWriter = thread.Index;
            location.LastWriteTime = thread.Clock[thread.Index];
        }
        else
        {
            location.LoadTimes[thread.Index] = thread.Clock[thread.Index];
        }

        if (isRace && location.Sharing!.Reveal())
        {
            StartAnew();
        }
    }

    private void Flush(SimulatedThread thread)
    {
        BufferedStore store = thread.Buffer[0];
        thread.Buffer.RemoveAt(0);
        store.Apply();
        Settle(store.Location, store.Id, store.Clock);
        if (store.IsVisible)
        {
            Note(thread, $"{store.Name} = {store.Text} is seen by all");
        }
    }

    // Nobody looks.
    private void FlushInvisible(SimulatedThread thread)
    {
        while (thread.Buffer.Count > 0 && !thread.Buffer[0].IsVisible)
        {
            Flush(thread);
        }
    }

    // Returns when the thread has its turn for this step.
    private void Await(SimulatedThread thread, bool needsEmptyBuffer, Func<bool>? isReady, string next)
    {
        thread.NeedsEmptyBuffer = needsEmptyBuffer;
        thread.IsReady = isReady;
        thread.Next = next;
        SimulatedThread? chosen = NextThread();
        if (chosen != thread)
        {
            (chosen ?? thread).GiveTurn();
            thread.AwaitTurn();
        }

        Continue();
    }

    // The thread that is to go on; null if all have ended. Brings stores to memory on the way.
    private SimulatedThread? NextThread()
    {
        while (true)
        {
            if (IsOver)
            {
                return Unwound();
            }

            // Each thread goes to its first step that others can see.
            if (_begun < _threads.Length)
            {
                _threads[_begun].HasBegun = true;
                return _threads[_begun++];
            }

            _steps.Clear();
            foreach (SimulatedThread thread in _threads)
            {
                if (thread.CanStep)
                {
                    _steps.Add(2 * thread.Index);
                }

                if (thread.Buffer.Count > 0)
                {
                    _steps.Add((2 * thread.Index) + 1);
                }
            }

            if (_steps.Count == 0)
            {
                SimulatedThread[] asleep = [.. _threads.Where(thread => !thread.HasEnded)];
                if (asleep.Length == 0)
                {
                    return null;
                }

                string who = string.Join(", ", asleep.Select(thread => $"{thread.Index} {thread.Next}"));
                Fail($"all threads that are left wait for ever: {who}", exception: null);
                continue;
            }

            if (++_taken > MostSteps)
            {
                Fail($"no end after {MostSteps} steps", null);
                continue;
            }

            int step = _steps.Count == 1 ? _steps[0] : _choose(this, _steps);
            if (step < 0)
            {
                IsOver = true;
            }
            else if (step % 2 == 0)
            {
                return _threads[step / 2];
            }
            else
            {
                Flush(_threads[step / 2]);
                FlushInvisible(_threads[step / 2]);
            }
        }
    }

    // One thread after the other leaves what it was doing.
    private SimulatedThread? Unwound()
    {
        foreach (SimulatedThread thread in _threads)
        {
            if (!thread.HasEnded && thread.HasBegun)
            {
                return thread;
            }
        }

        return null;
    }
}
