using BenchmarkDotNet.Attributes;
using Vigil.Benchmarks.Workloads;
using Vigil.IO;

namespace Vigil.Benchmarks.Microbenchmarks;

/// <summary>
/// Time per file descriptor that is removed while its event is pending: one callback removes 500 ready ones. The result must not depend on
/// the capacity of the ready buffer, because nothing searches it.
/// </summary>
public class RemovalBenchmarks : IEventSubscriber, IDisposable
{
    private const int Count = 500;

    private EventManager? _manager;
    private EventFd[] _fds = [];
    private SubscriberId _id;
    private bool _removes;

    [Params(256, 65_536)]
    public int ReadyCapacity { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _fds = EventFds.Create(Count, static _ => true);
        _manager = new EventManager(new EventManagerOptions { ReadyCapacity = ReadyCapacity });
        _id = _manager.AddSubscriber(this);

        // The ready buffer grows to what it needs.
        Register();
        for (int i = 0; i < 10; i++)
        {
            _manager.RunOnce(TimeSpan.Zero);
        }

        Unregister();
    }

    [IterationSetup]
    public void Register()
    {
        EventOps ops = _manager!.GetEventOps(_id);
        foreach (EventFd fd in _fds)
        {
            ops.Add(new Events(fd, EventSet.In));
        }

        _removes = false;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int RemoveReady()
    {
        _removes = true;
        return _manager!.RunOnce(TimeSpan.Zero);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _manager?.Dispose();
        EventFds.Dispose(_fds);
        GC.SuppressFinalize(this);
    }

    void IEventSubscriber.Initialize(EventOps ops)
    {
    }

    void IEventSubscriber.Process(in Events events, EventOps ops)
    {
        if (_removes)
        {
            Unregister();
        }
    }

    private void Unregister()
    {
        EventOps ops = _manager!.GetEventOps(_id);
        foreach (EventFd fd in _fds)
        {
            ops.Remove(fd);
        }
    }
}
