using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vigil.Interop;
using Vigil.Recording;

namespace Vigil;

/// <summary>Makes the child events of a loop, and ends them with the loop.</summary>
internal sealed class LoopChildren
{
    private const string InputName = RecordingSession.OwnPrefix + "children";

    // At disposal, for killed processes: long enough for one that waits for a busy processor to end. One in an uninterruptible
    // system call may take longer, and is left to the system.
    private const int PatienceMilliseconds = 10_000;

    private readonly LoopCore _core;
    private readonly LoopWorkers _workers;
    private readonly RecordingSession? _recording;
    private readonly ProcessOrigin _origin;

    // Those that have not released their process, or have not yet reported its end.
    private readonly HashSet<ChildEvent> _watched = [];

    private int _created;

    /// <param name="core">The loop.</param>
    /// <param name="workers">For callbacks on workers.</param>
    /// <param name="simulated">The processes of the simulated system that the loop is in; null for those of the system.</param>
    /// <param name="recording">Records or replays; null for neither.</param>
    public LoopChildren(LoopCore core, LoopWorkers workers, IVirtualProcesses? simulated, RecordingSession? recording)
    {
        _core = core;
        _workers = workers;
        _recording = recording;
        _origin = simulated is null ? new SystemProcesses() : new SimulatedProcesses(simulated);
        if (recording is not null)
        {
            _origin = new RecordedProcesses(recording, _origin);
            recording.AddInput(InputName, WakeRecorded);
        }
    }

    /// <summary>Watches a process of the runtime's.</summary>
    public ChildEvent Create(Process process, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ArgumentNullException.ThrowIfNull(process);
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
        return Start(_origin.Open(process), callback, options);
    }

    /// <summary>Watches a process by its id.</summary>
    public ChildEvent Create(int processId, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return Start(_origin.Open(processId), callback, options);
    }

    /// <summary>Watches a process by its descriptor.</summary>
    public ChildEvent Create(SafeHandle pidFd, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ArgumentNullException.ThrowIfNull(pidFd);
        using ThreadClaim.Scope claim = _core.Claim();
        options.Require(_workers);
        if (pidFd is SafeProcessHandle)
        {
            throw new ArgumentException(
                "A SafeProcessHandle holds a process's id, not its descriptor. Watch the Process itself.", nameof(pidFd));
        }

        return Start(_origin.Open(pidFd), callback, options);
    }

    /// <summary>Asks again on the loop how a child ended. Any thread. In a replay the recording says when.</summary>
    public void Wake(ChildEvent child)
    {
        if (_recording is not { IsReplay: true })
        {
            _core.Mailbox.PostUnbounded(child);
        }
    }

    /// <summary>A child's message is delivered.</summary>
    public void OnWoken(ChildEvent child)
    {
        if (_recording is not null)
        {
            Span<byte> bytes = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, child.Index);
            _recording.OnInput(InputName, bytes);
        }
    }

    public void Forget(ChildEvent child) => _watched.Remove(child);

    /// <summary>At the manager's disposal. Kills all that are to be killed before it waits for any.</summary>
    public void DisposeAll()
    {
        ChildEvent[] children = [.. _watched];
        var survivors = new HashSet<ChildEvent>();
        foreach (ChildEvent child in children)
        {
            int errno = child.Kill();
            if (errno != Errno.Success)
            {
                _core.Faults.Report(new Fault(FaultOrigin.ChildEvent, new EventManagerException(
                    EventManagerError.System,
                    $"Process {child.ProcessId} could not be killed when {_core.Name} was disposed: {Errno.Describe(errno)}.",
                    errno: errno))
                {
                    Owner = child,
                });
                survivors.Add(child);
            }
        }

        long end = Environment.TickCount64 + PatienceMilliseconds;
        foreach (ChildEvent child in children)
        {
            int patience = survivors.Contains(child) ? 0 : (int)Math.Max(end - Environment.TickCount64, 0);
            _core.Faults.Attempt(() => child.ReapAndRelease(patience));
        }
    }

    private ChildEvent Start(OpenedProcess process, EventCallback<ChildEvent, ChildExit> callback, ChildEventOptions options)
    {
        ChildEvent child;
        try
        {
            child = new ChildEvent(_core, this, _workers, _created++, process, callback, options);
        }
        catch
        {
            process.End?.Dispose();
            process.PidFd?.Dispose();
            throw;
        }

        child.Start(process.Exit);
        _watched.Add(child);
        return child;
    }

    private int WakeRecorded(byte[] bytes)
    {
        int index = bytes.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : -1;
        return _watched.FirstOrDefault(child => child.Index == index)?.OnWoken() ?? 0;
    }
}
