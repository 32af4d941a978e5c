namespace Vigil.Tests;

internal delegate void InitializeAction(EventOps ops);

internal delegate void ProcessAction(Events events, EventOps ops);

/// <summary>A subscriber made of two lambdas that remembers its events.</summary>
internal sealed class TestSubscriber(InitializeAction? initialize = null, ProcessAction? process = null) : IEventSubscriber, IDisposable
{
    public List<Events> Seen { get; } = [];

    public Action? Disposed { get; init; }

    public static TestSubscriber For(Events events, ProcessAction? process = null) => new(ops => ops.Add(events), process);

    public void Initialize(EventOps ops) => initialize?.Invoke(ops);

    public void Process(in Events events, EventOps ops)
    {
        Seen.Add(events);
        process?.Invoke(events, ops);
    }

    public void Dispose() => Disposed?.Invoke();
}
