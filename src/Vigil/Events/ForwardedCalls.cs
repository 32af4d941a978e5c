using Vigil.Messaging;

namespace Vigil;

/// <summary>What callbacks on workers call on their events, on its way to the loop. It allocates nothing.</summary>
internal sealed class ForwardedCalls<TEvent, TArgument> : MessageKind<EventManager>
    where TEvent : CallbackEvent
{
    private static readonly ForwardedCalls<TEvent, TArgument> Instance = new();

    public static void Post(TEvent target, Action<TEvent, TArgument> call, TArgument argument) =>
        target.Core.Mailbox.PostUnbounded(new Message<EventManager>(Instance, call, StateBox<(TEvent, TArgument)>.Rent((target, argument))));

    public override int Deliver(EventManager target, in Message<EventManager> message)
    {
        (TEvent callbackEvent, TArgument argument) = ((StateBox<(TEvent, TArgument)>)message.State!).Return();

        // It may have been cancelled while its callback ran, of which the callback could not know.
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

    // With the manager the event is over, and nothing is left to be done for it.
    public override bool Abandon(in Message<EventManager> message) => true;
}
