using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Vigil.Diagnostics;
using Vigil.Threading;

namespace Vigil;

/// <summary>
/// A closure whose sender waits for it. Its state moves from queued to running to done, each by one atomic operation. The sender may
/// abandon it in either of the first two states; a call abandoned before it started never starts.
/// </summary>
internal abstract class BlockingCall : PendingCall
{
    private const int Queued = 0;
    private const int Running = 1;
    private const int Done = 2;
    private const int Abandoned = 3;

    /// <summary>How calls were sent whose senders wait.</summary>
    public const string KindName = "call_blocking";

    // A day. A longer wait checks the clock again in between.
    private const double LongestParkNanoseconds = 86_400e9;

    private int _state;

    // Set by the sender before it sleeps.
    private Parker? _sleeper;
    private ExceptionDispatchInfo? _exception;

    protected BlockingCall(LoopCore core)
        : base(core)
    {
    }

    public override string Kind => KindName;

    public override bool Run(EventManager manager)
    {
        if (Interlocked.CompareExchange(ref _state, Running, Queued) != Queued)
        {
            return false;
        }

        Activity? activity = StartActivity();
        try
        {
            Invoke(manager);
            CallbackActivity.End(activity);
        }
        catch (Exception exception)
        {
            CallbackActivity.Fail(activity, exception);
            _exception = ExceptionDispatchInfo.Capture(exception);
        }

        if (!TryComplete())
        {
            // The sender no longer waits, so its exception goes to the fault policy.
            _exception?.Throw();
        }

        return true;
    }

    public override void Fail(ObjectDisposedException exception)
    {
        if (Interlocked.CompareExchange(ref _state, Running, Queued) == Queued)
        {
            _exception = ExceptionDispatchInfo.Capture(exception);
            TryComplete();
        }
    }

    /// <summary>Waits on the sender's thread, spinning first if requested, and throws the closure's exception.</summary>
    /// <exception cref="TimeoutException">The timeout expired.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Wait(TimeSpan timeout, TimeSpan spin, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan look = timeout < spin && timeout != Timeout.InfiniteTimeSpan ? timeout : spin;
        while (look > TimeSpan.Zero
            && Volatile.Read(ref _state) != Done
            && !cancellationToken.IsCancellationRequested
            && Stopwatch.GetElapsedTime(start) < look)
        {
            Thread.SpinWait(8);
        }

        if (Volatile.Read(ref _state) != Done && !Await(start, timeout, cancellationToken) && TryAbandon())
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException(
                $"The call was not finished within {timeout}. If it has begun, it continues, and its result is dropped.");
        }

        _exception?.Throw();
    }

    public override bool TryAbandon()
    {
        int seen = Interlocked.CompareExchange(ref _state, Abandoned, Queued);
        if (seen == Running)
        {
            seen = Interlocked.CompareExchange(ref _state, Abandoned, Running);
        }

        return seen != Done;
    }

    protected abstract void Invoke(EventManager manager);

    private bool TryComplete()
    {
        if (Interlocked.CompareExchange(ref _state, Done, Running) != Running)
        {
            return false;
        }

        // This thread sets Done, then looks for a sleeper. The sender registers as sleeper, then checks for Done. At least one sees the
        // other.
        Volatile.Read(ref _sleeper)?.Unpark();
        return true;
    }

    // False if the timeout expired or the token was cancelled before the call was done.
    private bool Await(long start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Core.BlockingWait is not { } wait)
        {
            return Sleep(start, timeout, cancellationToken);
        }

        try
        {
            _ = wait.Until(() => Volatile.Read(ref _state) == Done || cancellationToken.IsCancellationRequested, timeout);
        }
        catch
        {
            TryAbandon();
            throw;
        }

        return Volatile.Read(ref _state) == Done;
    }

    private bool Sleep(long start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Parker parker = Parker.OfThisThread;
        Volatile.Write(ref _sleeper, parker);
        CancellationTokenRegistration waking = cancellationToken.UnsafeRegister(static parker => ((Parker)parker!).Unpark(), parker);
        try
        {
            return SleepUntilDone(parker, start, timeout, cancellationToken);
        }
        finally
        {
            // Not disposed, which waits for a callback that is running, and ends with an interrupt. A wake-up too many is harmless.
            waking.Unregister();
        }
    }

    private bool SleepUntilDone(Parker parker, long start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            parker.Prepare();
            if (Volatile.Read(ref _state) == Done)
            {
                return true;
            }

            TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(start);
            if (cancellationToken.IsCancellationRequested || (left <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan))
            {
                return false;
            }

            parker.Park(timeout == Timeout.InfiniteTimeSpan ? -1 : (long)Math.Min(left.TotalNanoseconds, LongestParkNanoseconds));
        }
    }
}

/// <summary>A blocking call with a result.</summary>
internal sealed class BlockingCall<T> : BlockingCall
{
    private readonly Func<EventManager, T> _call;

    public BlockingCall(LoopCore core, Func<EventManager, T> call)
        : base(core) => _call = call;

    public T Result { get; private set; } = default!;

    public override Delegate Callback => _call;

    protected override void Invoke(EventManager manager) => Result = _call(manager);
}

/// <summary>A blocking call without a result.</summary>
internal sealed class BlockingAction : BlockingCall
{
    private readonly Action<EventManager> _call;

    public BlockingAction(LoopCore core, Action<EventManager> call)
        : base(core) => _call = call;

    public override Delegate Callback => _call;

    protected override void Invoke(EventManager manager) => _call(manager);
}
