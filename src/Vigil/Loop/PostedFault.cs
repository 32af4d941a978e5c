using Vigil.Messaging;

namespace Vigil;

/// <summary>A fault that was found on another thread, on its way to the loop, where faults are told. If the manager ends before, it is told by the thread that ends it.</summary>
internal sealed class PostedFault : MessageKind<EventManager>
{
    private static readonly PostedFault Callbacks = new(meetsPolicy: true);
    private static readonly PostedFault Managers = new(meetsPolicy: false);

    private readonly bool _meetsPolicy;

    private PostedFault(bool meetsPolicy) => _meetsPolicy = meetsPolicy;

    /// <summary>What a user's code threw: it meets the fault policy.</summary>
    public static Message<EventManager> OfCallback(LoopCore core, FaultOrigin origin, Exception exception) => new(Callbacks, core, exception, (long)origin);

    /// <summary>What went wrong with the manager itself: it is reported under any policy, and never thrown from the run.</summary>
    public static Message<EventManager> OfManager(LoopCore core, FaultOrigin origin, Exception exception) => new(Managers, core, exception, (long)origin);

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        if (_meetsPolicy)
        {
            ((LoopCore)message.Action).Faults.OnThrown((FaultOrigin)message.Value, (Exception)message.State!);
        }
        else
        {
            Report(in message);
        }

        return 0;
    }

    public override bool Abandon(in Message<EventManager> message)
    {
        Report(in message);
        return true;
    }

    private static void Report(in Message<EventManager> message) =>
        ((LoopCore)message.Action).Faults.Report(new Fault((FaultOrigin)message.Value, (Exception)message.State!));
}
