using System.Runtime.CompilerServices;
using Vigil.IO;

namespace Vigil.Benchmarks.Workloads;

/// <summary>The method that drives the loop.</summary>
public enum LoopMode
{
    /// <summary>One <see cref="EventManager.Run"/> that is stopped after its last event, as in programs.</summary>
    Run,

    /// <summary>One <see cref="EventManager.RunOnce(TimeSpan)"/> of zero per iteration: each claims and releases the manager.</summary>
    RunOnce,

    /// <summary>As <see cref="Run"/>, but only the first iterations ask the kernel: see <see cref="RepeatingPoller"/>.</summary>
    RunWithoutKernel,
}

/// <summary>How many descriptors are registered, and how many of them are always ready.</summary>
public sealed record Readiness(int Registered, int Ready)
{
    public override string ToString() => Ready == Registered ? $"{Ready} ready" : $"{Ready} of {Registered} ready";
}

/// <summary>
/// Level-triggered eventfds, some of which are never read and therefore ready in every iteration. An operation is the delivery of one
/// event, the wait included. One wait can report all ready descriptors, here and in the C counterpart.
/// </summary>
internal sealed class DispatchWorkload : IWorkload
{
    private readonly EventManager _manager;
    private readonly EventFd[] _descriptors;
    private readonly CountingSubscriber _subscriber;
    private readonly LoopMode _mode;
    private readonly int _ready;

    /// <param name="readiness">The descriptors.</param>
    /// <param name="mode">What drives the loop.</param>
    /// <param name="settings">The watchdog, the statistics and the recorder; null for none.</param>
    /// <param name="readsClock">Whether there is a timer, so that each iteration reads a clock.</param>
    public DispatchWorkload(Readiness readiness, LoopMode mode, EventManagerOptions? settings = null, bool readsClock = false)
    {
        _mode = mode;
        _ready = readiness.Ready;
        _descriptors = EventFds.Create(readiness.Registered, index => IsReady(index, readiness));
        var options = new EventManagerOptions
        {
            ReadyCapacity = readiness.Registered,
            Watchdog = settings?.Watchdog,
            CollectStatistics = settings?.CollectStatistics ?? false,
            Recorder = settings?.Recorder,
        };
        _manager = mode == LoopMode.RunWithoutKernel
            ? new EventManager(options, static () => new RepeatingPoller())
            : new EventManager(options);
        _subscriber = new CountingSubscriber(_descriptors, readiness);
        _manager.AddSubscriber(_subscriber);
        if (readsClock)
        {
            _manager.CreateTimerEvent(TimeSpan.FromDays(1), static (_, _) => { });
        }
    }

    /// <param name="operations">The number of events; a multiple of the number of ready descriptors.</param>
    public void Perform(int operations)
    {
        if (_mode != LoopMode.RunOnce)
        {
            _subscriber.StopAfter(iterations: operations / _ready);
            _manager.Run();
            return;
        }

        for (int left = operations; left > 0;)
        {
            left -= _manager.RunOnce(TimeSpan.Zero);
        }
    }

    public void Dispose()
    {
        _manager.Dispose();
        EventFds.Dispose(_descriptors);
    }

    // The ready ones are spread evenly over the registered ones, as in dispatch.c.
    private static bool IsReady(int index, Readiness readiness) =>
        index % SpacingOf(readiness) == 0 && index / SpacingOf(readiness) < readiness.Ready;

    private static int SpacingOf(Readiness readiness) => readiness.Registered / readiness.Ready;

    private sealed class CountingSubscriber : IEventSubscriber
    {
        private readonly EventFd[] _descriptors;
        private readonly long[] _counts;
        private readonly uint _oneOfTheReady;
        private long _iterationsLeft;

        public CountingSubscriber(EventFd[] descriptors, Readiness readiness)
        {
            _descriptors = descriptors;
            _counts = new long[descriptors.Length];
            _oneOfTheReady = (uint)((readiness.Ready - 1) * SpacingOf(readiness));
        }

        public void StopAfter(long iterations) => _iterationsLeft = iterations;

        public void Initialize(EventOps ops)
        {
            for (int i = 0; i < _descriptors.Length; i++)
            {
                ops.Add(new Events(_descriptors[i], EventSet.In, (uint)i));
            }
        }

        // Not inlined: with only one type of subscriber in the process the runtime would inline it into the loop, which C's indirect
        // call cannot do, and which does not happen in a program with many types.
        [MethodImpl(MethodImplOptions.NoInlining)]
        public void Process(in Events events, EventOps ops)
        {
            _counts[events.Data]++;

            // Only counts, as in C, which also checks for the end of the round once per iteration.
            if (events.Data == _oneOfTheReady && --_iterationsLeft == 0)
            {
                EventManager.Current!.Stop();
            }
        }
    }
}
