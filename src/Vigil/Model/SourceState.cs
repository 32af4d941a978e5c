namespace Vigil;

/// <summary>Whether a registered file descriptor is being monitored.</summary>
public enum SourceState : byte
{
    /// <summary>It is monitored; what becomes ready is delivered.</summary>
    Armed = 0,

    /// <summary>It stays registered, but nothing is delivered, Error and HangUp included, until it is armed.</summary>
    Disarmed = 1,

    /// <summary>A one-shot that was delivered; it is silent until it is armed or modified.</summary>
    Delivered = 2,

    /// <summary>It is not registered any more: removed or cancelled, or its file descriptor was closed.</summary>
    Removed = 3,
}
