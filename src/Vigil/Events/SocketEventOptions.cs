namespace Vigil;

/// <summary>How a <see cref="SocketEvent"/> is called back. Copied when the event is made.</summary>
public sealed class SocketEventOptions : CallbackEventOptions
{
    internal static readonly SocketEventOptions Default = new();

    /// <summary>The order in which it is served within an iteration.</summary>
    public DispatchPriority Priority { get; set; } = DispatchPriority.Normal;
}
