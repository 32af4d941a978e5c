namespace Vigil.Diagnostics;

/// <summary>By which phase of the iteration a callback was called.</summary>
internal enum CallbackKind
{
    Timer,
    Source,
    Posted,
    Deferred,
}
