namespace Vigil;

/// <summary>The options of a <see cref="SignalEvent"/>. Copied when the event is made.</summary>
public sealed class SignalEventOptions : CallbackEventOptions
{
    internal static readonly SignalEventOptions Default = new();

    /// <summary>Whether the first signal cancels it, before its callback.</summary>
    public bool OneShot { get; set; }
}
