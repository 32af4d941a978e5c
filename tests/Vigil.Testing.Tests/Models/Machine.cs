using System.Runtime.InteropServices;
using Vigil.IO;

namespace Vigil.Testing.Tests.Models;

/// <summary>Where a program runs.</summary>
internal enum MachineKind
{
    /// <summary>In a <see cref="World"/>.</summary>
    Simulated,

    /// <summary>On epoll and the kernel's descriptors.</summary>
    Real,
}

/// <summary>What a program needs beside the manager: descriptors, a clock that it moves, and workers that run when it says so.</summary>
internal abstract class Machine
{
    public abstract EventManager Manager { get; }

    /// <summary>How many work items wait.</summary>
    public abstract int Waiting { get; }

    public abstract (FdHandle First, FdHandle Second) CreatePair(bool isSocket);

    public abstract FdHandle Duplicate(FdHandle handle);

    public abstract void Advance(TimeSpan span);

    public abstract void RunWork();

    /// <summary>Sends the process a signal. False if that failed.</summary>
    public abstract bool Send(Signal signal);

    protected static void Configure(EventManagerOptions options, FaultPolicy policy, IWorkExecutor workers)
    {
        options.FaultPolicy = policy;
        options.Workers = workers;

        // Programs may ignore hang-ups; the detector has its own tests.
        options.UnhandledHangUpLimit = int.MaxValue;
    }
}

/// <summary>A machine in a world. Its loop is kept from running by itself: the program says when it iterates.</summary>
internal sealed class SimulatedMachine : Machine
{
    private readonly World _world;
    private readonly SimulatedPool _pool;

    public SimulatedMachine(World world, FaultPolicy policy)
    {
        _world = world;
        _pool = world.CreatePool("workers");
        SimulatedLoop loop = world.CreateLoop("loop", options => Configure(options, policy, _pool));
        loop.Stall(TimeSpan.FromDays(10_000));
        Manager = loop.Manager;
    }

    public override EventManager Manager { get; }

    public override int Waiting => _pool.Waiting;

    public override (FdHandle First, FdHandle Second) CreatePair(bool isSocket) =>
        isSocket ? _world.CreateSocketPair() : _world.CreatePipe();

    public override FdHandle Duplicate(FdHandle handle) => _world.Duplicate(handle);

    public override void Advance(TimeSpan span) => _world.Advance(span);

    public override void RunWork() => _world.RunUntilIdle();

    public override bool Send(Signal signal) => _world.Signals.Send(signal);
}

/// <summary>A machine on the kernel's epoll and descriptors, with a clock that the program moves.</summary>
internal sealed partial class RealMachine : Machine, IWorkExecutor, IDisposable
{
    private const int F_DUPFD_CLOEXEC = 1030;

    private readonly VirtualClock _clock = new();
    private readonly Queue<WorkItem> _items = new();

    public RealMachine(FaultPolicy policy)
    {
        EventManagerOptions options = new() { TimeProvider = _clock };
        Configure(options, policy, this);
        Manager = new EventManager(options);
    }

    public override EventManager Manager { get; }

    public override int Waiting => _items.Count;

    public int ThreadCount => 0;

    public bool TryExecute(in WorkItem item)
    {
        _items.Enqueue(item);
        return true;
    }

    public override (FdHandle First, FdHandle Second) CreatePair(bool isSocket)
    {
        if (isSocket)
        {
            UnixSocketPair sockets = new();
            return (sockets.First, sockets.Second);
        }

        UnixPipe pipe = new();
        return (pipe.Reader, pipe.Writer);
    }

    public override FdHandle Duplicate(FdHandle handle)
    {
        FdHandle duplicate = new(Control((int)handle.DangerousGetHandle(), F_DUPFD_CLOEXEC, 0));
        GC.KeepAlive(handle);
        return duplicate;
    }

    public override void Advance(TimeSpan span) => _clock.Advance(span);

    public override bool Send(Signal signal) => Kill(Environment.ProcessId, signal.Number) == 0;

    public override void RunWork()
    {
        while (_items.TryDequeue(out WorkItem item))
        {
            item.Run();
        }
    }

    public void Dispose()
    {
        Manager.Dispose();
        while (_items.TryDequeue(out WorkItem item))
        {
            item.Drop();
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(int fd, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
