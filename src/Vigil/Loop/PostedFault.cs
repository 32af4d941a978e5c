using Vigil.Messaging;

namespace Vigil;

/// <summary>
/// A fault found on another thread, on its way to the loop, which reports it. If the manager ends first, the thread that ends it reports
/// it.
/// </summary>
internal sealed class PostedFault : MessageKind<EventManager>
{
    private static readonly PostedFault Callbacks = new(meetsPolicy: true);
    private static readonly PostedFault Managers = new(meetsPolicy: false);

    private readonly bool _meetsPolicy;

    private PostedFault(bool meetsPolicy) => _meetsPolicy = meetsPolicy;

    /// <summary>A fault in a user's code: the fault policy applies.</summary>
    public static Message<EventManager> OfCallback(LoopCore core, Fault fault) => new(Callbacks, core, fault);

    /// <summary>Any other failure: it is reported under any policy, and never thrown from the run.</summary>
    public static Message<EventManager> OfManager(LoopCore core, Fault fault) => new(Managers, core, fault);

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        var fault = (Fault)message.State!;
        FaultSink faults = ((LoopCore)message.Action).Faults;
        if (!_meetsPolicy)
        {
            faults.Report(fault);
        }
        else if (fault.Owner is { } owner)
        {
            faults.OnThrown(owner, fault.Exception, fault.Fd);
        }
        else
        {
            faults.OnThrown(fault.Origin, fault.Exception);
        }

        return 0;
    }

    public override bool Abandon(in Message<EventManager> message)
    {
        ((LoopCore)message.Action).Faults.Report((Fault)message.State!);
        return true;
    }
}
