namespace Vigil.Testing.Tests.Models;

/// <summary>A rule that a deliberately wrong model has instead of the right one: the search must find the difference.</summary>
internal enum PlantedBug
{
    None,

    /// <summary>A pending event is expected with the kinds that it had before Modify.</summary>
    MaskedEventsAreDelivered,

    /// <summary>A pending event of what was removed in the same iteration is expected.</summary>
    DisarmedEventsAreDelivered,

    /// <summary>A closure that a closure posts is expected in the same iteration.</summary>
    PostsRunAtOnce,

    /// <summary>Ticks that a busy loop has missed are expected to be skipped, whatever the policy.</summary>
    BurstsAreSkipped,

    /// <summary>A subscriber that threw is expected to get further events.</summary>
    DetachedSubscribersStay,
}
