namespace Vigil;

/// <summary>
/// The end of a poller's wait on the monotonic clock: now, never, or a time in nanoseconds (<see cref="Vigil.Polling.IPoller"/>).
/// </summary>
public readonly record struct Deadline
{
    private const long Never = long.MaxValue;

    private Deadline(long nanoseconds) => Nanoseconds = nanoseconds;

    /// <summary>The call does not wait at all. The deadline has passed without a reading of the clock.</summary>
    public static Deadline Immediate => default;

    /// <summary>Only readiness ends the wait.</summary>
    public static Deadline Infinite => new(Never);

    /// <summary>The time on the monotonic clock (<c>CLOCK_MONOTONIC</c>); 0 for now, <see cref="long.MaxValue"/> for never.</summary>
    public long Nanoseconds { get; }

    /// <summary>Whether the call must not wait at all.</summary>
    public bool IsImmediate => Nanoseconds == 0;

    /// <summary>Whether only readiness ends the wait.</summary>
    public bool IsInfinite => Nanoseconds == Never;

    /// <summary>A deadline at a time.</summary>
    /// <param name="nanoseconds">The time on the monotonic clock. 0 is <see cref="Immediate"/>, <see cref="long.MaxValue"/> is
    /// <see cref="Infinite"/>.</param>
    /// <returns>The deadline.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="nanoseconds"/> is negative.</exception>
    public static Deadline At(long nanoseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        return new Deadline(nanoseconds);
    }

    internal Deadline Earlier(Deadline other) => Nanoseconds <= other.Nanoseconds ? this : other;
}
