using Vigil.Sources;

namespace Vigil.Internals.Tests.Sources;

/// <summary>A source that is its own owner and records its removal.</summary>
internal sealed class TestSource : Source, ICallbackOwner
{
    public TestSource(FileDescriptor fd, EventSet interest, uint data = 0, DispatchPriority priority = DispatchPriority.Normal)
        : base(fd, interest, data, priority)
    {
    }

    public int Removals { get; private set; }

    public bool IsOwn { get; init; }

    public override bool IsOfVigilsOwn => IsOwn;

    public override ICallbackOwner Owner => this;

    public FaultOrigin FaultOrigin => FaultOrigin.Registration;

    public string MethodName => nameof(Deliver);

    public string Description => "a source of the test";

    /// <summary>The exception that its delivery throws; null for none.</summary>
    public Exception? Fault { get; init; }

    public override int Deliver(EventSet ready) => Fault is null ? 1 : throw Fault;

    public override void OnRemoved() => Removals++;
}
