namespace Vigil;

/// <summary>The process's signalfd among the sources of a loop. Level-triggered: any loop that watches it may have read before this one.</summary>
internal sealed class SignalSource : OwnSource
{
    public SignalSource(LoopCore core, FileDescriptor fd)
        : base(core, fd, EventSet.In)
    {
    }

    // What is read comes back through the mailbox, in order with what other threads took.
    public override int Deliver(EventSet ready)
    {
        SignalHub.ReadPending(out int errno);
        OnRead(errno, "The signalfd");
        return 0;
    }
}
