using System.Runtime.ExceptionServices;

namespace Vigil.Testing;

/// <summary>
/// A simulated thread: that of a loop, of a pool, or of an action of <see cref="World.At"/>. It has a stack of its own, so that it can
/// block in the middle of a callback while everything else goes on. <see cref="Baton"/> describes the protocol.
/// </summary>
internal sealed class WorldThread : IActor
{
    // How often foreign code may catch the end of the run and block again before its thread is given up.
    private const int MaxRefusals = 1_000;

    private readonly World _world;
    private readonly Baton _baton;

    private HostThread? _host;
    private Action? _work;
    private ExceptionDispatchInfo? _exception;

    // Who waits until this thread ends its work or blocks.
    private Turn? _stepper;

    private Func<bool>? _isOver;
    private bool _isTimedOut;
    private int _refusals;

    /// <param name="world">Its world.</param>
    /// <param name="baton">Who runs in it.</param>
    /// <param name="name">Its name, in messages and histories.</param>
    /// <param name="loop">The loop whose thread it is; null for another one.</param>
    public WorldThread(World world, Baton baton, string name, SimulatedLoop? loop)
    {
        _world = world;
        _baton = baton;
        Name = name;
        Loop = loop;
    }

    public string Name { get; }

    /// <summary>The loop whose thread it is; null for another one.</summary>
    public SimulatedLoop? Loop { get; }

    /// <summary>The loop that it waits for in the middle of its work; null if it does not.</summary>
    public SimulatedLoop? WaitsFor { get; private set; }

    /// <summary>The turn of the thread that it runs on, while it runs.</summary>
    public Turn Turn => _host!.Turn;

    /// <summary>Whether it has work that has not ended.</summary>
    public bool IsBusy => _work is not null;

    /// <summary>Whether it has caught the end of its run so often that it was left blocked for ever.</summary>
    public bool IsLost { get; private set; }

    public bool IsRunnable => WaitsFor is not null && (_isTimedOut || _isOver!());

    public bool CanLook => IsRunnable;

    public SimulatedLoop? EnteredLoop => Loop;

    /// <summary>Lets it do its work, until that ends or blocks. What the work throws is thrown here.</summary>
    public void Run(Action work)
    {
        _work = work;
        if (_host is null)
        {
            _host = _baton.Hosts.Rent();
            _host.Attach(this);
        }

        Switch();
    }

    /// <summary>Lets it go on where it has blocked.</summary>
    public void Step() => Switch();

    /// <summary>On its own thread: does its work, and hands the baton back.</summary>
    public void Execute()
    {
        _baton.Take();
        try
        {
            _work!();
        }
        catch (Exception exception)
        {
            _exception = ExceptionDispatchInfo.Capture(exception);
        }

        // The library restores the contexts after each callback. Its own stack is empty now, and keeps nobody's.
        SynchronizationContext.SetSynchronizationContext(null);
        _work = null;
        _stepper!.Give();
    }

    /// <summary>On its own thread, in the middle of its work: hands the baton back until a condition holds or a time is over.</summary>
    /// <returns>Whether the condition holds.</returns>
    /// <exception cref="SimulationFailedException">The run is over.</exception>
    public bool Block(SimulatedLoop target, Func<bool> isOver, TimeSpan timeout)
    {
        RefuseIfOver();
        _isTimedOut = false;
        using VirtualTimer? timer = _world.StartTimeout(timeout, () => _isTimedOut = true);
        _world.History.Add(HistoryKind.Block, $"{Name} waits for the loop {target.Name}");
        WaitsFor = target;
        _isOver = isOver;
        _stepper!.Give();
        _host!.Turn.Await();
        _baton.Take();
        _isOver = null;
        WaitsFor = null;
        RefuseIfOver();
        _world.History.Add(HistoryKind.Block, $"{Name} goes on");
        return isOver();
    }

    /// <summary>At the end of the world. It has no work, or is lost.</summary>
    public void Detach()
    {
        if (_host is { } host && !IsLost)
        {
            _baton.Hosts.Return(host);
        }

        _host = null;
    }

    private void Switch()
    {
        _stepper = _baton.Turn;
        _baton.Pass(this, _host!.Turn);
        if (_exception is { } exception)
        {
            _exception = null;
            exception.Throw();
        }
    }

    // Foreign code may catch it and block again, in a loop that only ends when its loop does: such a thread cannot be ended.
    private void RefuseIfOver()
    {
        if (!_baton.IsOver)
        {
            return;
        }

        if (++_refusals > MaxRefusals)
        {
            IsLost = true;
            _stepper!.Give();
            _host!.Turn.Await();
        }

        throw new SimulationFailedException("The run is over, and what is waited for does not come to pass any more.");
    }
}
