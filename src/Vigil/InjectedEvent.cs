using Vigil.Sources;

namespace Vigil;

/// <summary>An event that did not come from the kernel and is delivered as if it had.</summary>
internal readonly record struct InjectedEvent(Source Source, EventSet Events);
