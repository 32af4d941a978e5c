using System.Diagnostics;
using System.Globalization;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Messaging;
using Vigil.Sources;
using Vigil.Timing;

namespace Vigil;

/// <summary>Handles the end of a process.</summary>
/// <param name="source">The child event, which has ended.</param>
/// <param name="exit">How the process ended.</param>
public delegate void ChildEventCallback(ChildEvent source, ChildExit exit);

/// <summary>
/// A callback for the end of a process. Made by the overloads of <c>EventManager.CreateChildEvent</c>. It runs once, also for a process
/// that has already ended.
/// </summary>
/// <remarks>
/// <para>Only the runtime may reap a process that <see cref="Process"/> started: if a <c>waitid</c> elsewhere takes its
/// status, the runtime ends the program. So this event only looks, and the callback runs when the runtime has the status, so that
/// the callback can read <see cref="Process.ExitCode"/>. An object that was made for an id does not say whose the process is: its
/// callback runs as soon as the kernel reports the end, and nothing is reaped. A child that was started by other means is reaped here
/// if it is watched by id or descriptor.</para>
/// <para>The process outlives the event, unless the event was made to kill it. Then it gets SIGKILL when the event is cancelled, and is
/// reaped if nobody else does that. If this user must not kill the process (<c>EPERM</c>), <see cref="CallbackEvent.Cancel"/> throws,
/// and the process is still watched. <see cref="CallbackEvent.CancelAsync"/> waits until a killed process has ended, for which the loop
/// must run; <see cref="Exit"/> says how then.</para>
/// </remarks>
public sealed class ChildEvent : CallbackEvent, IMailboxItem
{
    // If the kernel fails to report how a child ended: the number of attempts, and the pause between them.
    private const int Attempts = 5;
    private static readonly long Pause = Nanoseconds.Of(TimeSpan.FromSeconds(1));

    private readonly LoopChildren _children;
    private readonly ChildEventCallback _callback;
    private readonly LastingCallback<ChildEvent, ChildExit>? _lasting;
    private readonly bool _killOnDispose;
    private readonly ProcessEnd? _end;
    private FdHandle? _pidFd;
    private ChildSource? _source;
    private Retry? _retry;
    private int _failures;

    // A boxed ChildExit, so that other threads see all of it or null.
    private volatile object? _exit;
    private volatile bool _isCancelled;
    private volatile bool _isReleased;
    private TaskCompletionSource? _released;

    internal ChildEvent(
        LoopCore core,
        LoopChildren children,
        LoopWorkers workers,
        int index,
        OpenedProcess process,
        EventCallback<ChildEvent, ChildExit> callback,
        ChildEventOptions options)
        : base(core, options)
    {
        _children = children;
        var synchronous = callback.Delegate as ChildEventCallback;
        ICallbackRelay<ChildEvent, ChildExit>? relay =
            callback.ToRelay(this, workers, options.Target, synchronous is null ? null : synchronous.Invoke);
        _callback = relay is null ? synchronous! : relay.Invoke;
        _lasting = relay as LastingCallback<ChildEvent, ChildExit>;
        Index = index;
        ProcessId = process.ProcessId;
        _end = process.End;
        _pidFd = process.PidFd;
        _killOnDispose = options.KillOnDispose;
    }

    /// <summary>
    /// The process's id; null if only its descriptor was given. Once the process has been reaped, the id may be another's. Any thread.
    /// </summary>
    public int? ProcessId { get; }

    /// <summary>
    /// How the process ended; null while it runs, until the loop has noticed, and if it was not watched to its end. Any thread.
    /// </summary>
    public ChildExit? Exit => (ChildExit?)_exit;

    /// <summary>Whether it has ended: the process's end was reported, it was cancelled, or the manager was disposed. Any thread.</summary>
    public override bool IsCancelled => _isCancelled || Core.IsDisposed;

    internal override FaultOrigin FaultOrigin => FaultOrigin.ChildEvent;

    internal override Delegate Callback => _lasting?.Callback ?? FlowingCallback.UsersOf(_callback);

    private protected override LastingCallback? Lasting => _lasting;

    /// <summary>
    /// Sends the process a signal (<c>pidfd_send_signal(2)</c>) through its descriptor: never to another process that has
    /// got the same id.
    /// </summary>
    /// <param name="signal">Any signal, also one that no program can handle: <see cref="Signal.SIGKILL"/>,
    /// <see cref="Signal.SIGSTOP"/>.</param>
    /// <returns>
    /// Whether the kernel accepted it. False if the process has ended and was reaped, and if the event has ended or was
    /// cancelled. A process that has ended and was not reaped accepts signals without effect.
    /// </returns>
    /// <exception cref="ArgumentException"><paramref name="signal"/> is <c>default</c>.</exception>
    /// <exception cref="EventManagerException">This user must not send it to that process (<c>EPERM</c>); the call comes from another
    /// thread than the loop's.</exception>
    public bool Send(Signal signal)
    {
        SignalRules.RequireSignal(signal);
        if (IsCancelled)
        {
            return false;
        }

        using ThreadClaim.Scope claim = Core.Claim();
        if (_isCancelled || _pidFd is null)
        {
            return false;
        }

        int errno = _end!.Send(_pidFd, signal);
        return errno switch
        {
            Errno.Success => true,
            Errno.ESRCH => false,
            _ => throw new EventManagerException(
                EventManagerError.System, $"{signal} could not be sent to {ProcessText}: {Errno.Describe(errno)}.", _pidFd.Number, errno),
        };
    }

    private protected override void EndOnLoop()
    {
        int errno = Kill();
        if (errno != Errno.Success)
        {
            throw new EventManagerException(
                EventManagerError.System,
                $"{ProcessText} could not be killed: {Errno.Describe(errno)}. It is still watched.",
                errno: errno);
        }

        _isCancelled = true;
        if (!_killOnDispose || _pidFd is null)
        {
            Release();
        }
    }

    /// <summary>The process and the callback's method, for messages.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"a child event of process {ProcessId} {Title}");

    int IMailboxItem.Deliver()
    {
        _children.OnWoken(this);
        return OnWoken();
    }

    // The event ends with the manager.
    bool IMailboxItem.Abandon() => true;

    /// <summary>Its number among the loop's, by which a recording names it.</summary>
    internal int Index { get; }

    /// <summary>Watches the process from now on. If it has ended, the next iteration reports it.</summary>
    /// <param name="exit">How it has ended, if it has.</param>
    internal void Start(ChildExit exit)
    {
        if (_pidFd is null)
        {
            _exit = exit;
            Wake();
            return;
        }

        _source = new ChildSource(this, _pidFd);
        SourceResult result = Core.SourceTable.Add(_source);
        if (result.Error != EventManagerError.None)
        {
            _source = null;
            Release();
            result.ThrowIfFailed();
        }
    }

    /// <summary>Kills the process if that was requested, and if it has not ended. Returns an errno.</summary>
    internal int Kill()
    {
        if (!_killOnDispose || _isCancelled || _pidFd is null)
        {
            return Errno.Success;
        }

        int errno = _end!.Send(_pidFd, Signal.SIGKILL);
        return errno == Errno.ESRCH ? Errno.Success : errno;
    }

    /// <summary>
    /// At the manager's disposal: waits for a killed process, which ends at once unless the kernel holds it, and then releases it.
    /// </summary>
    internal void ReapAndRelease(int patienceMilliseconds)
    {
        bool isAwaited = _killOnDispose && _pidFd is not null && (_end!.MustReap || _released is not null);
        if (isAwaited && _end!.WaitUntilEnded(_pidFd!, patienceMilliseconds))
        {
            EndAnswer answer = _end.Ask(_pidFd!, Wake);
            if (answer.State == EndState.Told)
            {
                _exit = answer.Exit;
            }
            else if (answer.State == EndState.Failed)
            {
                ReportFailure(
                    answer.Errno,
                    "It is not asked again, since the manager is disposed: the process stays a zombie, unless somebody else waits for it.");
            }
        }

        _isCancelled = true;
        Release();
    }

    // In addition to the end of a callback on a worker: waits for the end of a process that was killed at the cancellation.
    private protected override Task WhenOver()
    {
        TaskCompletionSource created = new(Core.TaskOptions);
        TaskCompletionSource released = Interlocked.CompareExchange(ref _released, created, null) ?? created;
        if (_isReleased)
        {
            released.TrySetResult();
        }

        return Task.WhenAll(base.WhenOver(), released.Task);
    }

    private string ProcessText => ProcessId is not null
        ? string.Create(CultureInfo.InvariantCulture, $"Process {ProcessId}")
        : string.Create(CultureInfo.InvariantCulture, $"The process of fd {_pidFd?.Number ?? -1}");

    /// <summary>The descriptor is ready, or there is another reason to ask. Returns how many callbacks ran.</summary>
    internal int OnWoken()
    {
        if (_isReleased)
        {
            return 0;
        }

        if (_pidFd is null)
        {
            return Complete(Exit!.Value);
        }

        EndAnswer answer = _end!.Ask(_pidFd, Wake);
        return answer.State switch
        {
            EndState.NotYet => 0,
            EndState.Failed => OnFailed(answer.Errno),
            _ => Complete(answer.Exit),
        };
    }

    private int OnFailed(int errno)
    {
        _failures++;
        if (_failures == 1)
        {
            ReportFailure(errno, "It is asked again, once a second.");
        }

        if (_failures < Attempts)
        {
            (_retry ??= new Retry(this)).Start(Pause);
            return 0;
        }

        ReportFailure(
            errno, "It is not asked again: how the process ended is not known, and it stays a zombie unless somebody else waits for it.");
        return Complete(default);
    }

    private void ReportFailure(int errno, string consequence) => Core.Faults.Report(new Fault(
        FaultOrigin.ChildEvent,
        new EventManagerException(
            EventManagerError.System,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{ProcessText} has ended, and waitid failed when it was asked how: {Errno.Describe(errno)}. {consequence}"),
            _pidFd!.Number,
            errno))
    {
        Owner = this,
        Fd = _pidFd.Number,
    });

    // Any thread.
    private void Wake() => _children.Wake(this);

    // Ends before the callback, so that the callback may watch the next process in the same place.
    private int Complete(ChildExit exit)
    {
        bool wasCancelled = _isCancelled;
        _exit = exit;
        _isCancelled = true;
        Release();
        if (wasCancelled)
        {
            return 0;
        }

        if (_lasting is not null)
        {
            _lasting.Send(this, exit);
            return 1;
        }

        Core.Call(this, static (self, exit) => self._callback(self, exit), exit);

        return 1;
    }

    private void Release()
    {
        try
        {
            if (_source is { } source)
            {
                _source = null;
                Core.SourceTable.Remove(source);
            }
        }
        finally
        {
            _retry?.Stop();
            _end?.Dispose();
            _pidFd?.Dispose();
            _pidFd = null;
            _children.Forget(this);
            _isReleased = true;
            Interlocked.MemoryBarrier();
            _released?.TrySetResult();
        }
    }

    // Edge-triggered: it becomes ready when the process has ended, again when a tracer has released it, and again when it has been reaped.
    // Whatever can be learned then is read at once, or tried again by a timer.
    private sealed class ChildSource : Source
    {
        private readonly ChildEvent _event;

        public ChildSource(ChildEvent childEvent, FdHandle pidFd)
            : base(pidFd, EventSet.In | EventSet.EdgeTriggered, data: 0, DispatchPriority.Normal) => _event = childEvent;

        public override bool IsOfVigilsOwn => true;

        public override ICallbackOwner Owner => _event;

        public override int Deliver(EventSet ready) => _event.OnWoken();
    }

    private sealed class Retry(ChildEvent childEvent) : ITimerTarget
    {
        private int _slot = TimingWheel.NotStarted;

        public void Start(long nanoseconds)
        {
            ClockTimers timers = childEvent.Core.Timers.Open(TimerClock.Monotonic);
            _slot = timers.Start(_slot, this, timers.After(nanoseconds));
        }

        public void Stop()
        {
            if (_slot != TimingWheel.NotStarted)
            {
                childEvent.Core.Timers.Of(TimerClock.Monotonic).Cancel(_slot);
                _slot = TimingWheel.NotStarted;
            }
        }

        public void OnMoved(int slot) => _slot = slot;

        public bool Fire(long now)
        {
            _slot = TimingWheel.NotStarted;
            return childEvent.OnWoken() > 0;
        }

        public void OnAbandoned() => _slot = TimingWheel.NotStarted;
    }
}
