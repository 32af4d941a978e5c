namespace Vigil;

/// <summary>Waiting work, and since when it waits, in nanoseconds of the monotonic clock.</summary>
internal readonly record struct QueuedWork(WorkItem Item, long Since);
