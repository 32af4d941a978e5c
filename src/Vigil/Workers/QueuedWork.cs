namespace Vigil;

/// <summary>Work that waits, and since when, in nanoseconds of the monotonic clock.</summary>
internal readonly record struct QueuedWork(WorkItem Item, long Since);
