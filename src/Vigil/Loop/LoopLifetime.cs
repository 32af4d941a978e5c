using Vigil.Polling;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// The lifetime of a manager: the claim of a thread on it, its runs and what ends them, and its disposal. Disposal happens once, on the
/// thread that holds the claim when it becomes possible.
/// </summary>
internal sealed class LoopLifetime
{
    // The longest wait that the framework can count in milliseconds; longer means without limit.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly EventManager _manager;
    private readonly ThreadClaim _claim;
    private readonly Action _tearDown;
    private readonly IBlockingWait? _blockingWait;

    // Ends when it is disposed, or when nobody is to wait for that any more.
    private readonly TaskCompletionSource _awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _runCancellation;
    private volatile bool _stopRequested;
    private volatile bool _disposeRequested;
    private volatile bool _isDisposed;
    private volatile bool _isRunning;
    private volatile bool _isTornDown;

    /// <param name="manager">The manager.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="tearDown">Performs its disposal.</param>
    /// <param name="blockingWait">How other threads wait for the disposal; null if they sleep.</param>
    public LoopLifetime(EventManager manager, string name, Action tearDown, IBlockingWait? blockingWait = null)
    {
        _blockingWait = blockingWait;
        _manager = manager;
        _tearDown = tearDown;
        _claim = new ThreadClaim(name, released: DisposeIfRequested, refusing: ThrowIfDisposedByAnother);
    }

    /// <summary>Whether the calling thread has the claim.</summary>
    public bool IsMine => _claim.IsMine;

    /// <summary>Whether the disposal has begun.</summary>
    public bool IsDisposed => _isDisposed;

    /// <summary>Whether a run goes on. Any thread.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>The claim, for frequent checks of its holder only.</summary>
    public ThreadClaim ThreadClaim => _claim;

    /// <summary>Whether waiting for a run on this thread would deadlock.</summary>
    public bool WouldWaitForItself => _claim.WouldWaitForItself;

    /// <summary>
    /// Whether a stop, the disposal or the cancellation of the run was requested: the loop must not sleep, and a run ends after its current
    /// iteration. Whoever requests one of these wakes the mailbox afterwards.
    /// </summary>
    public bool IsEndRequested => _stopRequested || _disposeRequested || _runCancellation.IsCancellationRequested;

    /// <summary>Claims the manager for one operation. Claims nest on the same thread.</summary>
    /// <exception cref="EventManagerException">Another thread has the claim.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public ThreadClaim.Scope Claim()
    {
        ThrowIfDisposedByAnother();
        return Undisposed(_claim.Enter());
    }

    /// <summary>
    /// Claims the manager in order to end something that ends with it: an event, a hook, a subscription. If the manager is being
    /// disposed, which any thread may do between runs, there is nothing left to do, and that is no error.
    /// </summary>
    /// <param name="isOver">Whether it is disposed or being disposed; then nothing was claimed.</param>
    /// <exception cref="EventManagerException">Another thread has the claim.</exception>
    /// <exception cref="ObjectDisposedException">Another thread runs it, and disposal was requested.</exception>
    public ThreadClaim.Scope ClaimToEnd(out bool isOver)
    {
        isOver = false;
        if (_claim.IsRunningHere)
        {
            // A disposal waits for the end of the run.
            return default;
        }

        // A thread that holds the claim in order to dispose has requested the disposal before.
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
    /// <exception cref="EventManagerException">Another thread has the claim, or this one runs it already.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void BeginRun(CancellationToken cancellationToken)
    {
        ThrowIfDisposedByAnother();
        _ = Undisposed(_claim.EnterRun());
        _runCancellation = cancellationToken;
        _isRunning = true;
    }

    /// <summary>Ends what <see cref="BeginRun"/> began.</summary>
    public void EndRun()
    {
        _runCancellation = default;
        _isRunning = false;
        _claim.Release();
    }

    /// <summary>Whether a stop was requested that no run has consumed.</summary>
    public bool IsStopRequested => _stopRequested;

    /// <summary>Requests the end of a run. Any thread; the caller wakes the mailbox afterwards.</summary>
    public void RequestStop() => _stopRequested = true;

    /// <summary>A run has ended: consumes the request for a stop, if there is one.</summary>
    public void ConsumeStop() => _stopRequested = false;

    /// <summary>
    /// Requests the disposal. Any thread; the caller wakes the mailbox afterwards and then calls <see cref="AwaitDisposal"/>.
    /// </summary>
    /// <returns>Whether the caller is to wait for it. False if the caller holds the claim: its release then disposes.</returns>
    public bool RequestDisposal()
    {
        _disposeRequested = true;
        _claim.NotifyOfRelease();
        return !_claim.IsMine;
    }

    /// <summary>Disposes the manager here if nobody holds the claim, and otherwise waits for the disposal. False on timeout, and if the
    /// waits are ended.</summary>
    public bool AwaitDisposal(TimeSpan timeout)
    {
        DisposeIfRequested();
        if (_blockingWait is not null)
        {
            _ = _awaited.Task.IsCompleted || _blockingWait.Until(() => _awaited.Task.IsCompleted, timeout);
        }
        else
        {
            Uninterrupted.Wait(_awaited.Task, timeout < LongestWait ? timeout : Timeout.InfiniteTimeSpan);
        }

        return _isTornDown;
    }

    /// <summary>
    /// After the request: ends all waits for the disposal, also later ones, since it may never come. The thread that holds the claim still
    /// disposes the manager if it ever releases it.
    /// </summary>
    public void EndWaits() => _awaited.TrySetResult();

    /// <summary>
    /// After the request: disposes the manager here if nobody holds the claim. The task ends when the manager is disposed, or when the
    /// waits for that are ended.
    /// </summary>
    public Task WhenDisposed()
    {
        DisposeIfRequested();
        return _awaited.Task;
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

    // While another thread tears the manager down, "in use by another thread" would be true but no help. Checked again when the claim is
    // refused: the disposal may have been requested, and its thread may have taken the claim, since the first check.
    private void ThrowIfDisposedByAnother() => ObjectDisposedException.ThrowIf(_disposeRequested && !_claim.IsMine, _manager);

    // Called after each release of the claim, and when a disposal is requested: the thread that then gets the claim disposes.
    private void DisposeIfRequested()
    {
        if (_disposeRequested && !IsDisposed && _claim.TryTake())
        {
            try
            {
                // Another thread may have done it between the check above and the claim.
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
            // Even after an exception: other threads wait for this.
            _isTornDown = true;
            _awaited.TrySetResult();
        }
    }
}
