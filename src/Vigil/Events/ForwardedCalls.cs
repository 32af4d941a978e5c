using Vigil.Messaging;

namespace Vigil;

/// <summary>Calls that callbacks on workers make on their events, posted to the loop. Allocation-free.</summary>
internal sealed class ForwardedCalls<TEvent, TArgument> : MessageKind<EventManager>
    where TEvent : CallbackEvent
{
    private static readonly ForwardedCalls<TEvent, TArgument> Instance = new();

    public static void Post(TEvent target, Action<TEvent, TArgument> call, TArgument argument) =>
        target.Core.Mailbox.PostUnbounded(
            new Message<EventManager>(Instance, call, StateBox<(TEvent, TArgument)>.Rent((target, argument))));

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        (TEvent callbackEvent, TArgument argument) = ((StateBox<(TEvent, TArgument)>)message.State!).Return();

        // The event may have been cancelled while its callback ran. The callback could not know.
        if (!callbackEvent.IsCancelled)
        {
            try
            {
                ((Action<TEvent, TArgument>)message.Action)(callbackEvent, argument);
            }
            catch (Exception exception)
            {
                callbackEvent.Core.Faults.OnThrown(callbackEvent, exception);
            }
        }

        return 0;
    }

    // The event ends with the manager, so there is nothing left to do.
    public override bool Abandon(in Message<EventManager> message) => true;
}
