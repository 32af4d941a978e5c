namespace Vigil;

/// <summary>
/// Who uses a manager, and until when: the claim that a thread has on it, the runs and what ends them, and its disposal, which happens
/// once, on the thread that has the claim when it can happen.
/// </summary>
internal sealed class LoopLifetime
{
    // What the framework's waits can count in milliseconds; longer is for ever.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly EventManager _manager;
    private readonly ThreadClaim _claim;
    private readonly Action _tearDown;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _runCancellation;
    private volatile bool _stopRequested;
    private volatile bool _disposeRequested;
    private volatile bool _isDisposed;

    /// <param name="manager">The manager.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="tearDown">What its disposal is.</param>
    public LoopLifetime(EventManager manager, string name, Action tearDown)
    {
        _manager = manager;
        _tearDown = tearDown;
        _claim = new ThreadClaim(name, released: DisposeIfRequested, refusing: ThrowIfDisposedByAnother);
    }

    /// <summary>Whether the calling thread has the claim.</summary>
    public bool IsMine => _claim.IsMine;

    /// <summary>Whether the disposal has begun.</summary>
    public bool IsDisposed => _isDisposed;

    /// <summary>The claim, for those who ask often, and only whose it is.</summary>
    public ThreadClaim ThreadClaim => _claim;

    /// <summary>Whether somebody who waits for a run on this thread would wait for himself.</summary>
    public bool WouldWaitForItself => _claim.WouldWaitForItself;

    /// <summary>Whether the current iteration must return: whoever asks for one of these wakes the mailbox afterwards.</summary>
    public bool MustNotSleep => _stopRequested || _disposeRequested || _runCancellation.IsCancellationRequested;

    /// <summary>Claims the manager for one operation; within a claim the same thread passes freely.</summary>
    /// <exception cref="EventManagerException">Another thread has it.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public ThreadClaim.Scope Claim()
    {
        ThrowIfDisposedByAnother();
        return Undisposed(_claim.Enter());
    }

    /// <summary>
    /// Claims the manager in order to end something that ends with it: an event, a hook, the listening to something. While it is being
    /// disposed, which any thread may do at any time between runs, there is nothing left to do, and it is no error to ask.
    /// </summary>
    /// <param name="isOver">Whether it is disposed, or is just being; then nothing was claimed.</param>
    /// <exception cref="EventManagerException">Another thread has it.</exception>
    /// <exception cref="ObjectDisposedException">Another thread runs it, for the last time.</exception>
    public ThreadClaim.Scope ClaimToEnd(out bool isOver)
    {
        isOver = false;
        if (_claim.IsRunningHere)
        {
            // A disposal waits for the end of the run.
            return default;
        }

        // Whoever has the claim in order to dispose has asked for the disposal before.
        bool isMine = _claim.TryEnter(out ThreadClaim.Scope claim);
        isOver = IsDisposed || (!isMine && _disposeRequested && !_claim.IsOfRun);
        if (isOver)
        {
            claim.Dispose();
            return default;
        }

        return isMine ? claim : Claim();
    }

    /// <summary>Claims the manager for a run.</summary>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="EventManagerException">Another thread has it, or this one runs it already.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void BeginRun(CancellationToken cancellationToken)
    {
        ThrowIfDisposedByAnother();
        _ = Undisposed(_claim.EnterRun());
        _runCancellation = cancellationToken;
    }

    /// <summary>The other end of <see cref="BeginRun"/>.</summary>
    public void EndRun()
    {
        _runCancellation = default;
        _claim.Release();
    }

    /// <summary>Asks for the end of a run. Any thread, which wakes the mailbox afterwards.</summary>
    public void RequestStop() => _stopRequested = true;

    /// <summary>A run has ended because it was asked to.</summary>
    public void TakeStop() => _stopRequested = false;

    /// <summary>Asks for the disposal. Any thread, which wakes the mailbox afterwards and then calls <see cref="AwaitDisposal"/>.</summary>
    /// <returns>Whether the caller is to wait for it: not where it has the claim itself, whose release is then the moment.</returns>
    public bool RequestDisposal()
    {
        _disposeRequested = true;
        _claim.NotifyOfRelease();
        return !_claim.IsMine;
    }

    /// <summary>Disposes the manager here if nobody has the claim, and otherwise waits until somebody has done it. False where that took too long.</summary>
    public bool AwaitDisposal(TimeSpan timeout)
    {
        DisposeIfRequested();
        return _disposed.Task.Wait(timeout < LongestWait ? timeout : Timeout.InfiniteTimeSpan);
    }

    /// <summary>After it was asked for: disposes the manager here if nobody has the claim. Returns a task that ends when somebody has done it.</summary>
    public Task WhenDisposed()
    {
        DisposeIfRequested();
        return _disposed.Task;
    }

    private ThreadClaim.Scope Undisposed(ThreadClaim.Scope claim)
    {
        if (IsDisposed)
        {
            claim.Dispose();
            ObjectDisposedException.ThrowIf(true, _manager);
        }

        return claim;
    }

    // While another thread tears the manager down, "in use by another thread" would be true and of no help. Asked again when the claim is
    // refused: the disposal may have been requested, and its thread have taken the claim, since the first look.
    private void ThrowIfDisposedByAnother() => ObjectDisposedException.ThrowIf(_disposeRequested && !_claim.IsMine, _manager);

    // Runs after each release of the claim, and when a disposal is asked for: whoever gets the claim then does it.
    private void DisposeIfRequested()
    {
        if (_disposeRequested && !IsDisposed && _claim.TryTake())
        {
            try
            {
                // Another may have done it between the look above and the claim.
                if (!IsDisposed)
                {
                    TearDown();
                }
            }
            finally
            {
                _claim.Release();
            }
        }
    }

    private void TearDown()
    {
        _isDisposed = true;
        try
        {
            _tearDown();
        }
        finally
        {
            // Whatever happened: others wait for it.
            _disposed.SetResult();
        }
    }
}
