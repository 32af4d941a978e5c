namespace Vigil;

/// <summary>How a <see cref="SignalEvent"/> is called back. Copied when the event is made.</summary>
public sealed class SignalEventOptions : CallbackEventOptions
{
    internal static readonly SignalEventOptions Default = new();

    /// <summary>Whether it is cancelled, before its callback, by the first signal that comes.</summary>
    public bool OneShot { get; set; }
}
