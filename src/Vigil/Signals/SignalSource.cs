namespace Vigil;

/// <summary>The process's signalfd as a source of a loop. Level-triggered: another loop that monitors it may have read first.</summary>
internal sealed class SignalSource : OwnSource
{
    private readonly SignalOrigin _origin;

    public SignalSource(LoopCore core, SignalOrigin origin, FileDescriptor fd)
        : base(core, fd, EventSet.In) => _origin = origin;

    // Signals come back through the mailbox, in order with those that other threads took.
    public override int Deliver(EventSet ready)
    {
        OnRead(_origin.Read(), "The signalfd");
        return 0;
    }
}
