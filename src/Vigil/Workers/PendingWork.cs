namespace Vigil;

/// <summary>Work that its sender may cancel or wait for. Beginning and cancelling exclude each other: the first one wins.</summary>
internal abstract class PendingWork
{
    private const int Waiting = 0;
    private const int Over = 1;

    private int _state;
    private CancellationTokenRegistration _cancellation;

    /// <summary>Runs it, unless it is cancelled.</summary>
    public WorkOutcome Run()
    {
        if (!TryEnd())
        {
            return WorkOutcome.Cancelled;
        }

        _cancellation.Unregister();
        return Execute();
    }

    /// <summary>The work will not run: no worker takes it any more.</summary>
    public void Drop()
    {
        if (TryEnd())
        {
            _cancellation.Unregister();
            OnCancelled(new CancellationToken(canceled: true));
        }
    }

    /// <summary>Called before the work is sent: lets a token cancel it while it is queued.</summary>
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

    /// <summary>
    /// Runs the user's delegate. An exception thrown here is reported to the sender. One that reaches the sender another way is returned as
    /// <see cref="WorkOutcome.Failed"/>.
    /// </summary>
    protected abstract WorkOutcome Execute();

    /// <summary>The work will not run. Notifies those that wait for it.</summary>
    protected abstract void OnCancelled(CancellationToken token);

    private bool TryEnd() => Interlocked.Exchange(ref _state, Over) == Waiting;
}
