namespace Vigil.Testing;

/// <summary>
/// A child of a world's process: what a program would have started. A test decides what it does. The program watches it by its id
/// (<c>EventManager.CreateChildEvent</c>), and sends it signals. Made by <see cref="World.StartChild"/>.
/// </summary>
/// <remarks>
/// A signal that it does not handle does what signal(7) says: most end it, some stop it, a few do nothing. When it has ended, the process
/// gets SIGCHLD, and the child is a zombie until a child event has taken its end.
/// </remarks>
public sealed class SimulatedChild
{
    private const int CLD_EXITED = 1;
    private const int CLD_KILLED = 2;

    private readonly World _world;
    private readonly Dictionary<Signal, Action> _handlers = [];

    internal SimulatedChild(World world, string name, int processId)
    {
        _world = world;
        Name = name;
        ProcessId = processId;
        File = new ProcessFile(this);
    }

    /// <summary>Its name, in messages and histories.</summary>
    public string Name { get; }

    /// <summary>Its process id. No process of the machine has it.</summary>
    public int ProcessId { get; }

    /// <summary>How it has ended; null while it runs.</summary>
    public ChildExit? Exit { get; private set; }

    /// <summary>Whether it is stopped (SIGSTOP): a program that is stopped does nothing, so the test should not let it.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Whether its end was taken, so that its id is free.</summary>
    public bool IsReaped { get; private set; }

    internal ProcessFile File { get; }

    /// <summary>Sets what it does with a signal, instead of the default action.</summary>
    /// <param name="signal">The signal. Nobody handles SIGKILL and SIGSTOP.</param>
    /// <param name="action">What it does.</param>
    /// <exception cref="ArgumentException">The signal is <c>default</c>, SIGKILL or SIGSTOP.</exception>
    public void Handle(Signal signal, Action action)
    {
        _world.RequireThread();
        ArgumentNullException.ThrowIfNull(action);
        if (signal == default || signal == Signal.SIGKILL || signal == Signal.SIGSTOP)
        {
            throw new ArgumentException($"No process handles {(signal == default ? "default(Signal)" : signal)}.", nameof(signal));
        }

        _handlers[signal] = action;
    }

    /// <summary>It exits. Nothing happens if it has ended.</summary>
    /// <param name="code">The exit code, 0 to 255.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code is out of range.</exception>
    public void End(int code = 0)
    {
        _world.RequireThread();
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 255);
        End(new ChildExit(code, null), CLD_EXITED, code);
    }

    /// <summary>A signal ends it. Nothing happens if it has ended.</summary>
    /// <param name="signal">The signal.</param>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    public void End(Signal signal)
    {
        _world.RequireThread();
        if (signal == default)
        {
            throw new ArgumentException("This is no signal: default(Signal) names none.", nameof(signal));
        }

        End(new ChildExit(null, signal), CLD_KILLED, signal.Number);
    }

    /// <summary>Sends it a signal. False if it has ended and was reaped.</summary>
    internal bool Receive(Signal signal)
    {
        if (Exit is not null)
        {
            return !IsReaped;
        }

        if (_handlers.TryGetValue(signal, out Action? handler))
        {
            // On its own, as another process would, and not within the sender's call.
            _world.At(TimeSpan.Zero, () =>
            {
                if (Exit is null)
                {
                    handler();
                }
            });
            return true;
        }

        switch (DefaultActionOf(signal))
        {
            case DefaultAction.End:
                End(signal);
                break;
            case DefaultAction.Stop:
                IsStopped = true;
                break;
            case DefaultAction.Continue:
                IsStopped = false;
                break;
        }

        return true;
    }

    /// <summary>Its end is taken, if it has one.</summary>
    internal bool TryReap(out ChildExit exit)
    {
        exit = Exit ?? default;
        IsReaped = Exit is not null;
        return IsReaped;
    }

    private static DefaultAction DefaultActionOf(Signal signal) => signal.Name switch
    {
        "SIGCHLD" or "SIGURG" or "SIGWINCH" => DefaultAction.Ignore,
        "SIGSTOP" or "SIGTSTP" or "SIGTTIN" or "SIGTTOU" => DefaultAction.Stop,
        "SIGCONT" => DefaultAction.Continue,
        _ => DefaultAction.End,
    };

    private void End(ChildExit exit, int code, int status)
    {
        if (Exit is not null)
        {
            return;
        }

        Exit = exit;
        IsStopped = false;
        _world.History.Add(HistoryKind.ChildEnd, Name, status);
        _world.NoteActivity();
        File.OnEnded();
        _world.Signals.Send(new SignalInfo(Signal.SIGCHLD) { Code = code, SenderProcessId = ProcessId, SenderUserId = 0 });
    }

    private enum DefaultAction
    {
        Ignore,
        End,
        Stop,
        Continue,
    }
}
