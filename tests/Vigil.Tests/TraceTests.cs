using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Vigil.Tests;

/// <summary>The event source "Vigil", as a listener sees it.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task A_listener_sees_runs_iterations_callbacks_faults_and_work()
    {
        string name = $"trace-{Guid.NewGuid():N}";
        await using var pool = new WorkerPool(new WorkerPoolOptions { Name = name, ThreadCount = 1 });
        using var manager = new EventManager(new EventManagerOptions { Name = name, FaultPolicy = FaultPolicy.Report, Workers = pool });
        manager.FaultReported += (_, _) => { };
        using var fd = new EventFd(1);
        manager.CreateSocketEvent(fd, EventSet.In, OnReady);
        using (var listener = new Listener(name))
        {
            manager.RunOnce();
            manager.Defer(_ => throw new InvalidOperationException("bad"));
            manager.RunOnce();
            await manager.ExecuteWorkAsync(WorkTarget.Thread(0), () => 1).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
            Assert.True(SpinWait.SpinUntil(() => listener.Names.Contains("WorkStop"), Patience.Limit));
            string[] expected =
            [
                "RunStart", "IterationStart", "CallbackStart", "CallbackStop", "IterationStop", "RunStop",
                "RunStart", "IterationStart", "CallbackStart", "CallbackStop", "CallbackStart", "Fault", "CallbackStop", "IterationStop",
                "RunStop",
                "WorkStart", "WorkStop",
            ];
            Assert.Equal(expected, listener.Names);
            Assert.Contains(
                listener.Events,
                traced => traced.Payload is [_, string callback, int number] && callback.Contains(
                    nameof(OnReady),
                    StringComparison.Ordinal) && number == fd.Number);
            Assert.Contains(
                listener.Events,
                traced => traced.Payload is [_, string report] && report.Contains("bad", StringComparison.Ordinal));
        }

        // There is no listener any more.
        manager.RunOnce();
    }

    private static void OnReady(SocketEvent source, EventSet ready)
    {
    }

    private sealed class Listener : EventListener
    {
        private readonly string _name;

        public Listener(string name)
        {
            _name = name;
            foreach (EventSource source in EventSource.GetSources())
            {
                EnableIfOurs(source);
            }
        }

        public ConcurrentQueue<EventWrittenEventArgs> Events { get; } = new();

        public IEnumerable<string> Names => Events.Select(traced => traced.EventName!);

        protected override void OnEventSourceCreated(EventSource eventSource) => EnableIfOurs(eventSource);

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (_name is not null && eventData.Payload is [string first, ..] && first.StartsWith(_name, StringComparison.Ordinal))
            {
                Events.Enqueue(eventData);
            }
        }

        private void EnableIfOurs(EventSource source)
        {
            if (string.Equals(source.Name, "Vigil", StringComparison.Ordinal))
            {
                EnableEvents(source, EventLevel.Verbose, EventKeywords.All);
            }
        }
    }
}
