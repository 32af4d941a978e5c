namespace Vigil;

/// <summary>
/// Names a subscriber of one manager. Allocated from one 64-bit counter of the process: an id is never reused, and ids of
/// different managers are never equal. <c>default</c> names no subscriber.
/// </summary>
public readonly record struct SubscriberId
{
    private static long _last;

    private SubscriberId(long value) => Value = value;

    /// <summary>The number, 1 or more; 0 for <c>default</c>.</summary>
    public long Value { get; }

    /// <summary>Whether the id was ever allocated; false for <c>default</c>.</summary>
    public bool IsValid => Value != 0;

    internal static SubscriberId Next() => new(Interlocked.Increment(ref _last));

    /// <summary>The number, marked as a subscriber's.</summary>
    public override string ToString() => IsValid ? $"#{Value}" : "#none";
}
