namespace Vigil;

/// <summary>The runs of a loop: one iteration, or iterations until a stop and then the exit callbacks.</summary>
internal sealed class LoopRuns
{
    private readonly LoopCore _core;
    private readonly EventLoop _loop;

    public LoopRuns(LoopCore core, EventLoop loop)
    {
        _core = core;
        _loop = loop;
    }

    public CallbackList ExitCallbacks { get; } = new();

    /// <summary>Runs one iteration. Returns how many callbacks ran.</summary>
    public int RunOnce(TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout is zero or more, or Timeout.InfiniteTimeSpan.");
        }

        Deadline deadline = _core.Timers.DeadlineAfter(timeout);
        using RunScope run = Begin(CancellationToken.None);
        int ran = _loop.RunIteration(deadline);
        _core.Faults.ThrowPending();
        return ran;
    }

    /// <summary>Runs iterations until stopped or cancelled, then the exit callbacks.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        using RunScope run = Begin(cancellationToken);
        using CancellationTokenRegistration waking = cancellationToken.UnsafeRegister(
            static core => ((LoopCore)core!).Mailbox.Wake(),
            _core);
        do
        {
            _loop.RunIteration(Deadline.Infinite);
            _core.Faults.ThrowPending();
        }
        while (!_core.Lifetime.IsEndRequested);

        _loop.EndRun();
        RunExitCallbacks();

        // A run that ends with an exception does not consume the stop.
        _core.Faults.ThrowPending();
        _core.Lifetime.ConsumeStop();
    }

    private RunScope Begin(CancellationToken cancellationToken)
    {
        _core.Lifetime.BeginRun(cancellationToken);
        return new RunScope(_core);
    }

    private void RunExitCallbacks()
    {
        _core.Observer?.Begin(LoopPhase.Exit, ran: 0);
        ExitCallbacks.RunOutLastFirst(_core);
        _core.Observer?.Begin(LoopPhase.Waiting, ran: 0);
    }
}
