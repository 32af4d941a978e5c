using Vigil.Messaging;

namespace Vigil;

/// <summary>A requested setting of a timer of <see cref="EventManager.TimeProvider"/>.</summary>
/// <param name="Number">The change's number within its timer. The greater of two wins.</param>
/// <param name="Due">When the timer is due, in nanoseconds.</param>
/// <param name="Period">Its period in nanoseconds; 0 for none.</param>
internal readonly record struct TimerChange(long Number, long Due, long Period);

/// <summary>A change on its way to the loop.</summary>
internal sealed class TimerChangeKind : MessageKind<EventManager>
{
    private static readonly TimerChangeKind Instance = new();

    public static Message<EventManager> Create(ProvidedTimer timer, TimerChange change) =>
        new(Instance, timer, StateBox<TimerChange>.Rent(change));

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        ((ProvidedTimer)message.Action).Apply(((StateBox<TimerChange>)message.State!).Return());
        return 0;
    }

    public override bool Abandon(in Message<EventManager> message)
    {
        ((ProvidedTimer)message.Action).HandOverLater(((StateBox<TimerChange>)message.State!).Return());
        return true;
    }
}
