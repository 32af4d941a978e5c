namespace Vigil;

/// <summary>The options of a <see cref="ChildEvent"/>, and of its process. Copied when the event is made.</summary>
public sealed class ChildEventOptions : CallbackEventOptions
{
    internal static readonly ChildEventOptions Default = new();

    /// <summary>
    /// Whether to kill the process if the event is cancelled, or the manager disposed, before its end. A child that
    /// <see cref="System.Diagnostics.Process"/> did not start is then reaped, too.
    /// </summary>
    public bool KillOnDispose { get; set; }
}
