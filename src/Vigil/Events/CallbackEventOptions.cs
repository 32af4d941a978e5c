namespace Vigil;

/// <summary>What can be said of every event's callback.</summary>
public abstract class CallbackEventOptions
{
    private protected CallbackEventOptions()
    {
    }

    /// <summary>What reports call the event; null for what its method is called. As of <see cref="CallbackEvent.Name"/>.</summary>
    public string? Name { get; set; }

    /// <summary>Where it is called; the default is <see cref="CallbackTarget.Loop"/>.</summary>
    public CallbackTarget Target { get; set; }
}
