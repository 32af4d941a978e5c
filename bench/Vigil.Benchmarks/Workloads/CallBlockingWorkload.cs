using System.Diagnostics;
using System.Numerics;
using Vigil.Interop;

namespace Vigil.Benchmarks.Workloads;

/// <summary>Ping-pong: an operation is one blocking call from another thread, there and back.</summary>
internal sealed class CallBlockingWorkload : IWorkload
{
    private readonly LoopThread _loop;
    private readonly Func<EventManager, long> _call;
    private readonly int? _callersProcessor;
    private long _calls;

    public CallBlockingWorkload(TimeSpan spinBeforeSleep, Placement placement = Placement.Anywhere)
    {
        _loop = new LoopThread(new EventManagerOptions { SpinBeforeSleep = spinBeforeSleep });
        _call = _ => ++_calls;
        if (placement != Placement.Anywhere)
        {
            (int first, int second) = FirstTwoProcessors();
            _callersProcessor = first;
            int loops = placement == Placement.Apart ? second : first;
            _loop.Endpoint.CallBlocking(_ => Bind(loops));
        }
    }

    public void Perform(int operations)
    {
        if (_callersProcessor is not { } processor)
        {
            Call(operations);
            return;
        }

        // On a thread of its own, because the calling thread must not stay bound.
        var caller = new Thread(() =>
        {
            Bind(processor);
            Call(operations);
        });
        caller.Start();
        caller.Join();
    }

    public void Dispose() => _loop.Dispose();

    private void Call(int operations)
    {
        RemoteEndpoint endpoint = _loop.Endpoint;
        for (int i = 0; i < operations; i++)
        {
            endpoint.CallBlocking(_call);
        }
    }

    private static void Bind(int processor)
    {
        int errno = SchedulerNative.BindToProcessor(processor);
        if (errno != Errno.Success)
        {
            throw new InvalidOperationException($"A thread could not be bound to processor {processor}: {Errno.Describe(errno)}.");
        }
    }

    // Of the processors that this process may use; the same one twice if there is only one.
    private static (int First, int Second) FirstTwoProcessors()
    {
        using var process = Process.GetCurrentProcess();
        ulong allowed = (ulong)process.ProcessorAffinity;
        ulong others = allowed & (allowed - 1);
        return (BitOperations.TrailingZeroCount(allowed), BitOperations.TrailingZeroCount(others == 0 ? allowed : others));
    }
}
