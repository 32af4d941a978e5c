namespace Exploration;

/// <summary>One thread of an explored program. It runs on a real thread, and only while it has its turn.</summary>
internal sealed class SimulatedThread : IDisposable
{
    [ThreadStatic]
    private static SimulatedThread? _current;

    private readonly SemaphoreSlim _turn = new(0);
    private readonly Execution _execution;
    private readonly int _index;

    public SimulatedThread(Execution execution, int index, int threads)
    {
        _execution = execution;
        _index = index;
        Clock = new int[threads];
        new Thread(Serve) { IsBackground = true, Name = $"simulated {index}" }.UnsafeStart();
    }

    /// <summary>The simulated thread that is calling, or null: then memory is accessed directly.</summary>
    public static SimulatedThread? Current => _current;

    public Execution Execution => _execution;

    public int Index => _index;

    /// <summary>What it runs in this execution.</summary>
    public Action Body { get; private set; } = () => { };

    public bool HasBegun { get; set; }

    public bool HasEnded { get; private set; }

    /// <summary>Its stores that are not in memory yet, the oldest first: what no other thread can see.</summary>
    public List<BufferedStore> Buffer { get; } = [];

    /// <summary>A digest of all that it has read. With the program it determines everything that it has done.</summary>
    public UInt128 History { get; set; }

    /// <summary>How often it has stored something that has no name.</summary>
    public int Stores { get; set; }

    /// <summary>How many places it has named.</summary>
    public int Names { get; set; }

    /// <summary>Which steps of each thread happened before its next one.</summary>
    public int[] Clock { get; }

    /// <summary>What it loaded from memory since it last waited in a loop, with the store that it saw.</summary>
    public List<(Location Location, UInt128 Store)> LoadsSinceSpin { get; } = [];

    /// <summary>Whether its next step can be taken now, apart from what its buffer demands.</summary>
    public Func<bool>? IsReady { get; set; }

    /// <summary>Whether its next step waits until its own stores are in memory.</summary>
    public bool NeedsEmptyBuffer { get; set; }

    /// <summary>Whether its next step can be taken now.</summary>
    public bool CanStep => !HasEnded && !(NeedsEmptyBuffer && Buffer.Count > 0) && (IsReady is null || IsReady());

    /// <summary>The next step, for the trace.</summary>
    public string Next { get; set; } = "";

    /// <summary>Before an execution.</summary>
    public void Prepare(Action body)
    {
        Body = body;
        HasBegun = false;
        HasEnded = false;
        Buffer.Clear();
        History = (UInt128)(uint)(_index + 1);
        Stores = 0;
        Names = 0;
        Array.Clear(Clock);
        Clock[_index] = 1;
        LoadsSinceSpin.Clear();
        IsReady = null;
        NeedsEmptyBuffer = false;
    }

    public void GiveTurn() => _turn.Release();

    public void AwaitTurn() => _turn.Wait();

    /// <summary>Ends the real thread.</summary>
    public void Dispose()
    {
        Body = null!;
        GiveTurn();
    }

    private void Serve()
    {
        _current = this;
        while (true)
        {
            AwaitTurn();
            if (Body is null)
            {
                _turn.Dispose();
                return;
            }

            try
            {
                _execution.ClearThreadStatics();
                if (!_execution.IsOver)
                {
                    Body();
                }
            }
            catch (ExecutionEndedException)
            {
                // Nothing more is wanted of it.
            }
            catch (Exception) when (_execution.IsOver)
            {
                // What the program makes of being unwound.
            }
            catch (Exception exception)
            {
                _execution.Fail($"thread {_index} has thrown {exception.GetType().Name}: {exception.Message}", exception);
            }

            HasEnded = true;
            _execution.PassOn(this);
        }
    }
}
