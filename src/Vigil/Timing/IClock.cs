namespace Vigil.Timing;

/// <summary>How a clock ends the loop's wait.</summary>
internal enum WakeUp
{
    /// <summary>At the time, not before, and without being set again.</summary>
    Exact,

    /// <summary>At the time, but perhaps also before: it must be set again before each wait.</summary>
    Inexact,

    /// <summary>Not reliably: the time has come already, or something else must be checked first. The wait must not begin.</summary>
    Due,
}

/// <summary>
/// A clock of the loop. It can be read, and it ends the loop's wait at a set time. For the loop's thread, unless stated otherwise.
/// </summary>
internal interface IClock : IDisposable
{
    /// <summary>The time in nanoseconds, zero or more. Any thread.</summary>
    long Now { get; }

    /// <summary>
    /// The greatest amount, in nanoseconds, by which the difference of two of a user's readings can fall short of the time that passed.
    /// </summary>
    long ReadingError { get; }

    /// <summary>Whether the poller's deadlines are times of this clock.</summary>
    bool IsPollersClock { get; }

    /// <summary>Whether a reading of the manager's <see cref="TimeProvider"/> is a time of this clock, without conversion.</summary>
    bool ReadsTimestamps { get; }

    /// <summary>Whether it can be set, so that its steps can be detected.</summary>
    bool CanBeSet { get; }

    /// <summary>Whether <see cref="TryTakeStep"/> would report a step without asking the kernel.</summary>
    bool HasStepped { get; }

    /// <summary>
    /// The descriptor that becomes ready, edge-triggered, at the time set by <see cref="WakeAt"/> or when the clock is set. The first call
    /// opens it, and the first one after <see cref="Close"/> another one. Null for a clock that wakes the loop by itself.
    /// </summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    FileDescriptor? Open();

    /// <summary>
    /// Closes that descriptor, unless its handle says that its number is not its own any more. The clock can still be read. A step that
    /// was to be detected meanwhile counts as one that may have happened (<see cref="TryTakeStep"/>).
    /// </summary>
    void Close();

    /// <summary>Sets the time that ends the wait, or none for <see cref="TimingWheel.Never"/>; replaces the previous one.</summary>
    /// <param name="deadline">The time in nanoseconds; a past one ends the wait at once.</param>
    /// <param name="detectsSteps">Whether setting the clock ends the wait, too.</param>
    /// <returns>How reliably the wait will end.</returns>
    /// <exception cref="EventManagerException">The kernel refused, perhaps because the descriptor is not open.</exception>
    WakeUp WakeAt(long deadline, bool detectsSteps);

    /// <summary>
    /// Whether the clock was set since the last call, as far as steps were detected. The time of <see cref="WakeAt"/> may be used up then.
    /// </summary>
    bool TryTakeStep();

    /// <summary>
    /// Converts a reading of the manager's <see cref="TimeProvider"/>. One from before the clock's zero is negative, and not below
    /// <see cref="Nanoseconds.First"/>.
    /// </summary>
    long FromTimestamp(long timestamp);

    /// <summary>Converts a date, for a wall clock. It may lie before the clock's zero and beyond its end.</summary>
    Int128 FromDate(DateTimeOffset date);
}
