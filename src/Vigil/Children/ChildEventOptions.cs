namespace Vigil;

/// <summary>How a <see cref="ChildEvent"/> is called back, and what becomes of its process. Copied when the event is made.</summary>
public sealed class ChildEventOptions : CallbackEventOptions
{
    internal static readonly ChildEventOptions Default = new();

    /// <summary>Whether the process is killed if the event is cancelled, or the manager disposed, before its end. A child that <see cref="System.Diagnostics.Process"/> did not start is waited for then, too.</summary>
    public bool KillOnDispose { get; set; }
}
