namespace Vigil;

/// <summary>A subscriber with its adder's execution context, unless that is the default one.</summary>
internal sealed class FlowingSubscriber : IEventSubscriber
{
    private readonly ExecutionContext _context;
    private readonly IEventSubscriber _subscriber;

    public FlowingSubscriber(ExecutionContext context, IEventSubscriber subscriber)
    {
        _context = context;
        _subscriber = subscriber;
    }

    public void Initialize(EventOps ops) => _subscriber.Initialize(ops);

    public void Process(in Events events, EventOps ops)
    {
        AmbientContext.Enter(_context);
        _subscriber.Process(in events, ops);
    }
}
