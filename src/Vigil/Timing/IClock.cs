namespace Vigil.Timing;

/// <summary>How a clock ends the loop's wait.</summary>
internal enum WakeUp
{
    /// <summary>At the time, not before, and without being told again.</summary>
    Exact,

    /// <summary>At the time, but perhaps also before: it is to be told again before each wait.</summary>
    Inexact,

    /// <summary>Not reliably: the time has come already, or something else must be looked at first. The wait must not begin.</summary>
    Due,
}

/// <summary>A clock of the loop: it can be read, and it ends the loop's wait at a moment. For the loop's thread, unless stated otherwise.</summary>
internal interface IClock : IDisposable
{
    /// <summary>The time in nanoseconds, zero or more. Any thread.</summary>
    long Now { get; }

    /// <summary>By how much less, in nanoseconds, a user's own reading of two times may show to have passed between them than has.</summary>
    long ReadingError { get; }

    /// <summary>Whether the poller's deadlines are times of this clock.</summary>
    bool IsPollers { get; }

    /// <summary>Whether a reading of the manager's <see cref="TimeProvider"/> is one of this clock as it is, so that none need be converted.</summary>
    bool ReadsTimestamps { get; }

    /// <summary>Whether it can be set, so that its steps can be watched.</summary>
    bool CanBeSet { get; }

    /// <summary>Whether a step is known that <see cref="TryTakeStep"/> would tell of without asking the kernel.</summary>
    bool HasStepped { get; }

    /// <summary>
    /// What becomes ready, edge-triggered, when the time set by <see cref="WakeAt"/> has come or the clock was set; opened by the
    /// first call. Null for a clock that wakes the loop by itself.
    /// </summary>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    FileDescriptor? Open();

    /// <summary>Ends the wait at a time, or not at all for <see cref="TimingWheel.Never"/>; instead of what was set before.</summary>
    /// <param name="deadline">The time in nanoseconds; a past one ends the wait at once.</param>
    /// <param name="watchesSteps">Whether the wait is to end when the clock is set, too.</param>
    /// <returns>What the wait can count on.</returns>
    /// <exception cref="EventManagerException">The kernel refused.</exception>
    WakeUp WakeAt(long deadline, bool watchesSteps);

    /// <summary>Whether the clock was set since the last call, as far as steps were watched. What was set to end the wait may be over then.</summary>
    bool TryTakeStep();

    /// <summary>Converts a reading of the manager's <see cref="TimeProvider"/>. One from before the clock's zero is negative, and not below <see cref="Nanoseconds.First"/>.</summary>
    long FromTimestamp(long timestamp);

    /// <summary>Converts a date, for a wall clock. It may lie before the clock's zero and beyond its end.</summary>
    Int128 FromDate(DateTimeOffset date);
}
