namespace Vigil;

/// <summary>How a <see cref="UserEvent"/> is called back. Copied when the event is made.</summary>
public sealed class UserEventOptions : CallbackEventOptions
{
    internal static readonly UserEventOptions Default = new();
}
