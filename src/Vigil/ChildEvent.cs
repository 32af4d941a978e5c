using System.Diagnostics;
using Vigil.Interop;
using Vigil.IO;
using Vigil.Messaging;
using Vigil.Sources;

namespace Vigil;

/// <summary>Handles the end of a process.</summary>
/// <param name="source">The child event, which is over.</param>
/// <param name="exit">How it ended.</param>
public delegate void ChildEventCallback(ChildEvent source, ChildExit exit);

/// <summary>A callback for the end of a process. Made by the overloads of <c>EventManager.Watch</c>. It runs once, also for a process that has ended already.</summary>
/// <remarks>
/// <para>A process that <see cref="Process"/> started is waited for by the runtime and by nobody else: a <c>waitid</c> that takes its status away makes the
/// runtime end the program. Here it is only looked at, and the callback runs when the runtime has it, so that
/// <see cref="Process.ExitCode"/> can be read in it. An object that was made for an id does not tell whose the process is: there the callback runs as soon as the
/// kernel tells the end, and nothing is waited for. A child that was started by other means is waited for here if it is watched by id or descriptor.</para>
/// <para>The process outlives the event, unless the event was made to kill it: then it gets SIGKILL when the event is cancelled, and if nobody else does, is waited for. A process
/// that this user must not kill (<c>EPERM</c>) makes <see cref="CallbackEvent.Cancel"/> throw, and is still watched.</para>
/// </remarks>
public sealed class ChildEvent : CallbackEvent
{
    private const int SIGKILL = 9;
    private static readonly Lock Reaping = new();

    private readonly ChildEventCallback _callback;
    private readonly WorkerCallback<ChildEvent, ChildExit>? _worker;
    private readonly bool _killOnDispose;

    // The runtime's view of a process of its own, shared with the caller's object but not disposed with it; null for other processes.
    private readonly Process? _process;
    private readonly bool _isChild;
    private FdHandle? _pidFd;
    private ChildSource? _source;
    private ChildExit? _exit;
    private volatile bool _isCancelled;

    internal ChildEvent(EventManager manager, int processId, Process? process, FdHandle? pidFd, bool isChild, ChildEventCallback callback, bool killOnDispose, CallbackTarget target)
        : base(manager)
    {
        _worker = target.IsWorker ? new WorkerCallback<ChildEvent, ChildExit>(this, target, callback.Invoke) : null;
        ProcessId = processId;
        _process = process;
        _pidFd = pidFd;
        _callback = callback;
        _killOnDispose = killOnDispose;
        _isChild = isChild;
    }

    /// <summary>The process's id; −1 if only its descriptor was given. Once the process has been waited for, the id may be another's.</summary>
    public int ProcessId { get; }

    /// <summary>How the process ended; null while it runs, as far as the loop has got.</summary>
    public ChildExit? Exit { get; private set; }

    /// <summary>Whether it is over: the process's end was told, it was cancelled, or the manager disposed.</summary>
    public override bool IsCancelled => _isCancelled || Manager.IsDisposed;

    internal override FaultOrigin FaultOrigin => FaultOrigin.ChildEvent;

    /// <summary>Whether the runtime started the process, and so is going to wait for it. Where this is false it may be going to, too.</summary>
    internal bool IsRuntimesForSure { get; init; }

    internal override Delegate Callback => _callback;

    private protected override WorkerCallback? OnWorker => _worker;

    private protected override void CancelOnLoop()
    {
        if (IsCancelled)
        {
            return;
        }

        using ThreadClaim.Scope claim = Manager.Claim();
        int errno = Kill();
        if (errno != Errno.Success)
        {
            throw new EventManagerException(EventManagerError.System, $"Process {ProcessId} could not be killed: {Errno.Describe(errno)}. It is still watched.", errno: errno);
        }

        _isCancelled = true;
        if (!_killOnDispose || !MustReap)
        {
            Release();
        }
    }

    /// <summary>For messages: the process and the method that is called.</summary>
    public override string ToString() => $"a child event (process {ProcessId}, {CallbackName})";

    /// <summary>Whether a process is a child of this one that nobody has waited for.</summary>
    internal static bool IsChild(FdHandle pidFd) => PidFdNative.Wait(pidFd.Number, reap: false, out _) == Errno.Success;

    /// <summary>Watches the process from now on.</summary>
    internal void Start()
    {
        _source = new ChildSource(this, _pidFd!);
        SourceResult result = Manager.SourceTable.Add(_source);
        if (result.Error != EventManagerError.None)
        {
            _source = null;
            Release();
            result.ThrowIfFailed();
        }
    }

    /// <summary>The process had ended before it was watched: the next iteration tells.</summary>
    internal void StartEnded(ChildExit exit)
    {
        _exit = exit;
        PostExit();
    }

    /// <summary>Kills the process if that is wanted, and if it has not ended. Returns an errno.</summary>
    internal int Kill()
    {
        if (!_killOnDispose || _isCancelled || _pidFd is null)
        {
            return Errno.Success;
        }

        int errno = PidFdNative.Send(_pidFd.Number, SIGKILL);
        return errno == Errno.ESRCH ? Errno.Success : errno;
    }

    /// <summary>How a process of the runtime's ended, which the runtime has waited for.</summary>
    internal static ChildExit ExitOf(Process process, FdHandle? pidFd) =>
        pidFd is not null && PidFdNative.StatusAfterReaping(pidFd.Number) is { } status ? ExitOf(status) : ExitAsOf(process);

    /// <summary>At the manager's disposal: waits for a process that was killed, which ends in no time unless the kernel holds it; then lets go of it.</summary>
    internal void ReapAndRelease(int patienceMilliseconds)
    {
        if (_killOnDispose && MustReap && PollNative.WaitUntilReadable(_pidFd!.Number, patienceMilliseconds))
        {
            _ = Reap();
        }

        _isCancelled = true;
        Release();
    }

    private bool MustReap => _process is null && _isChild;

    private int OnReadable()
    {
        if (_isCancelled)
        {
            // Killed at its cancellation, and now waited for.
            _ = Reap();
            Release();
            return 0;
        }

        if (_process is null)
        {
            // A child that is gone although nobody here has waited for it: the runtime waits for everybody if it is process 1 or found SIGCHLD ignored.
            ProcessStatus? own = Reap() ?? (_isChild ? PidFdNative.StatusAfterReaping(_pidFd!.Number) : null);
            return Complete(ExitOf(own));
        }

        // This look must come first: what has not been waited for after it has been by the time that the runtime says so.
        _ = PidFdNative.Wait(_pidFd!.Number, reap: false, out ProcessStatus? seen);
        if (!_isChild)
        {
            return Complete(default);
        }

        _exit = seen is null ? null : ExitOf(seen);
        if (_process.HasExited)
        {
            return CompleteReaped();
        }

        if (_exit is { } exit && !IsRuntimesForSure)
        {
            // Of a child that was started by other means the runtime would never tell.
            return Complete(exit);
        }

        // The kernel tells of the end before the runtime has come to its SIGCHLD.
        Manager.SourceTable.Remove(_source!);
        _source = null;
        _ = _process.WaitForExitAsync().ContinueWith(
            static (_, self) => ((ChildEvent)self!).PostExit(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return 0;
    }

    // One at a time: what the kernel tells those who come too late to wait is there when the wait has returned, and not when it has begun.
    private ProcessStatus? Reap()
    {
        lock (Reaping)
        {
            _ = PidFdNative.Wait(_pidFd!.Number, reap: true, out ProcessStatus? status);
            return status;
        }
    }

    private void PostExit() => Manager.Mailbox.PostUnbounded(new Message<EventManager>(Kind.Instance, this));

    private int CompleteReaped() => _isCancelled ? 0 : Complete(_exit ?? ExitOf(_process!, _pidFd));

    // Over before the callback, so that the callback may watch the next process in the same place.
    private int Complete(ChildExit exit)
    {
        Exit = exit;
        _isCancelled = true;
        Release();
        if (_worker is not null)
        {
            _worker.Send(this, exit);
            return 1;
        }

        try
        {
            _callback(this, exit);
        }
        catch (Exception exception)
        {
            OnThrown(exception);
        }

        return 1;
    }

    private void Release()
    {
        if (_source is not null)
        {
            Manager.SourceTable.Remove(_source);
            _source = null;
        }

        _pidFd?.Dispose();
        _pidFd = null;
        _process?.Dispose();
        Manager.Children.Forget(this);
    }

    private static ChildExit ExitOf(ProcessStatus? status) => status switch
    {
        null => default,
        { IsSignal: true } => new ChildExit(null, new Signal(status.Value.Number)),
        _ => new ChildExit(status.Value.Number, null),
    };

    // Where the kernel cannot be asked any more: the runtime makes 128 + n of signal n, as shells do, and so the two cannot be told apart.
    private static ChildExit ExitAsOf(Process process)
    {
        const int SignalBase = 128;
        try
        {
            int code = process.ExitCode;
            return code is > SignalBase and <= SignalBase + 64 ? new ChildExit(null, new Signal(code - SignalBase)) : new ChildExit(code, null);
        }
        catch (InvalidOperationException)
        {
            // Not a child of this program, so the runtime was not told.
            return default;
        }
    }

    private sealed class ChildSource : Source
    {
        private readonly ChildEvent _event;

        public ChildSource(ChildEvent childEvent, FdHandle pidFd)
            : base(pidFd, EventSet.In, data: 0, DispatchPriority.Normal) => _event = childEvent;

        public override object Owner => _event;

        public override int Deliver(EventSet ready) => _event.OnReadable();
    }

    private sealed class Kind : MessageKind<EventManager>
    {
        public static readonly Kind Instance = new();

        public override int Deliver(EventManager target, in Message<EventManager> message) => ((ChildEvent)message.Action).CompleteReaped();

        public override bool Abandon(in Message<EventManager> message) => true;
    }
}
