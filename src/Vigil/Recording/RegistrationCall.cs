namespace Vigil.Recording;

/// <summary>A call that changes a poller's registrations.</summary>
internal enum RegistrationCall : byte
{
    Add,
    Modify,
    Remove,
    BeginRebuild,
    Transfer,
    EndRebuild,
    AbandonRebuild,
}
