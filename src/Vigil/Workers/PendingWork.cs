namespace Vigil;

/// <summary>Work whose sender may cancel it, or waits for it. Beginning and cancelling exclude each other: whoever comes first has it.</summary>
internal abstract class PendingWork
{
    private const int Waiting = 0;
    private const int Over = 1;

    private int _state;
    private CancellationTokenRegistration _cancellation;

    /// <summary>Runs it, unless it was cancelled.</summary>
    public WorkOutcome Run()
    {
        if (!TryEnd())
        {
            return WorkOutcome.Cancelled;
        }

        _cancellation.Unregister();
        return Execute();
    }

    /// <summary>It will not run: nobody takes it any more.</summary>
    public void Drop()
    {
        if (TryEnd())
        {
            _cancellation.Unregister();
            OnCancelled(new CancellationToken(canceled: true));
        }
    }

    /// <summary>Before it is sent: lets a token cancel it as long as it waits.</summary>
    public void CancelBy(CancellationToken token) => _cancellation = token.UnsafeRegister(
        static (work, token) =>
        {
            var self = (PendingWork)work!;
            if (self.TryEnd())
            {
                self.OnCancelled(token);
            }
        },
        this);

    /// <summary>Runs the user's delegate. What is thrown here is told to the sender; what the sender is told otherwise is <see cref="WorkOutcome.Failed"/>.</summary>
    protected abstract WorkOutcome Execute();

    /// <summary>It will not run. Whoever waits is told.</summary>
    protected abstract void OnCancelled(CancellationToken token);

    private bool TryEnd() => Interlocked.Exchange(ref _state, Over) == Waiting;
}
