using Vigil.Messaging;

namespace Vigil;

/// <summary>What a thread wants of a timer of <see cref="EventManager.TimeProvider"/>.</summary>
/// <param name="Timer">The timer.</param>
/// <param name="Number">Which change of the timer it is: of two, the greater one counts.</param>
/// <param name="Due">When the timer is due, in nanoseconds.</param>
/// <param name="Period">Its period in nanoseconds; 0 for none.</param>
internal sealed record TimerChange(ProvidedTimer Timer, long Number, long Due, long Period)
{
    public Message<EventManager> ToMessage() => new(Kind.Instance, this);

    private sealed class Kind : MessageKind<EventManager>
    {
        public static readonly Kind Instance = new();

        public override void Deliver(EventManager target, object action, object? state)
        {
            var change = (TimerChange)action;
            change.Timer.Apply(change);
        }

        public override bool Abandon(object action, object? state)
        {
            var change = (TimerChange)action;
            change.Timer.HandOver(change.Due, change.Period);
            return true;
        }
    }
}
