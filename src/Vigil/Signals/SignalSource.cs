namespace Vigil;

/// <summary>The process's signalfd as a source of a loop. Level-triggered: another loop that monitors it may have read first.</summary>
internal sealed class SignalSource : OwnSource
{
    public SignalSource(LoopCore core, FileDescriptor fd)
        : base(core, fd, EventSet.In)
    {
    }

    // Signals come back through the mailbox, in order with those that other threads took.
    public override int Deliver(EventSet ready)
    {
        SignalHub.ReadPending(out int errno);
        OnRead(errno, "The signalfd");
        return 0;
    }
}
