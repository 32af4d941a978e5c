namespace Vigil.Sources;

/// <summary>An event that did not come from a wait and is delivered as if it had.</summary>
/// <param name="Source">Its source.</param>
/// <param name="Events">Kinds only, no modes.</param>
/// <param name="IsForThisIteration">Whether it may be delivered in the iteration in which it is injected; all others wait for the next
/// one.</param>
internal readonly record struct InjectedEvent(Source Source, EventSet Events, bool IsForThisIteration = false);
