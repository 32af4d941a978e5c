namespace Vigil;

/// <summary>What an event calls where it cannot call the user's delegate itself.</summary>
/// <typeparam name="TEvent">The event's type.</typeparam>
/// <typeparam name="TArgument">The type of the callback's argument.</typeparam>
internal interface ICallbackRelay<TEvent, TArgument>
{
    /// <summary>Calls the user's delegate, or has it called elsewhere. On the loop.</summary>
    void Invoke(TEvent source, TArgument argument);
}
