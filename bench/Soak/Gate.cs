namespace Soak;

/// <summary>Holds threads at their own pace, so that each rest finds the same threads, all of them waiting.</summary>
internal sealed class Gate : IDisposable
{
    private readonly List<Thread> _threads = [];
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _open = new(initialState: false);
    private readonly ManualResetEventSlim _closed = new(initialState: true);
    private readonly Findings _findings;
    private volatile bool _isOver;
    private int _waiting;

    public Gate(Findings findings) => _findings = findings;

    /// <summary>Whether all threads wait here.</summary>
    public bool HoldsAll => !_open.IsSet && Volatile.Read(ref _waiting) == _threads.Count;

    /// <summary>Starts a thread that does something again and again while the gate is open.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="turn">What it does. It sleeps by <see cref="Pause"/>, which the closing of the gate ends.</param>
    public void Start(string name, Action turn)
    {
        var thread = new Thread(() => Repeat(name, turn)) { Name = name, IsBackground = true };
        lock (_lock)
        {
            _threads.Add(thread);
        }

        thread.Start();
    }

    public void Open()
    {
        _closed.Reset();
        _open.Set();
    }

    public void Close()
    {
        _open.Reset();
        _closed.Set();
    }

    /// <summary>Sleeps, but no longer than until the gate is closed.</summary>
    public void Pause(TimeSpan span) => _closed.Wait(span);

    public void Dispose()
    {
        _isOver = true;
        Close();
        _open.Set();
        foreach (Thread thread in _threads)
        {
            _findings.Require(thread.Join(TimeSpan.FromSeconds(60)), $"the thread {thread.Name} does not end");
        }

        _open.Dispose();
        _closed.Dispose();
    }

    private void Repeat(string name, Action turn)
    {
        while (!_isOver)
        {
            Interlocked.Increment(ref _waiting);
            _open.Wait();
            Interlocked.Decrement(ref _waiting);
            try
            {
                while (_open.IsSet && !_isOver)
                {
                    turn();
                }
            }
            catch (Exception exception)
            {
                // The thread goes on: one failure must not hide others.
                _findings.Add($"{name}: {exception}");
            }
        }
    }
}
