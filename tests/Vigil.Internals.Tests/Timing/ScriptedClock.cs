using Vigil.IO;
using Vigil.Timing;

namespace Vigil.Internals.Tests.Timing;

/// <summary>
/// A clock that the test sets, with a timer that behaves as <c>timerfd(2)</c> does: it expires once, setting it clears an unread expiry,
/// and a step is reported by the next reading, or by setting it to a time, whichever comes first.
/// </summary>
internal sealed class ScriptedClock : IClock
{
    private readonly EventFd _timer = new();
    private bool _isCancelled;

    public long Now { get; private set; }

    public long ReadingError => 0;

    public bool IsPollersClock { get; init; }

    public bool ReadsTimestamps => true;

    public bool CanBeSet => !IsPollersClock;

    public bool HasStepped { get; private set; }

    /// <summary>The time that the timer is set to; 0 if it is not set, or has expired.</summary>
    public long Armed { get; private set; }

    public bool DetectsSteps { get; private set; }

    /// <summary>What setting the timer throws; null for nothing.</summary>
    public EventManagerException? Refusal { get; set; }

    /// <summary>How often the loop set the timer, and read it.</summary>
    public int Sets { get; private set; }

    public int Reads { get; private set; }

    public FileDescriptor? Open() => _timer;

    public void Close()
    {
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(long nanoseconds)
    {
        Now += nanoseconds;
        Check();
    }

    /// <summary>Sets the clock, as <c>settimeofday(2)</c> does.</summary>
    public void Set(long now)
    {
        Now = now;
        if (DetectsSteps)
        {
            _isCancelled = true;
            _timer.TryAdd();
        }

        Check();
    }

    public WakeUp WakeAt(long deadline, bool detectsSteps)
    {
        Sets++;
        if (Refusal is not null)
        {
            throw Refusal;
        }

        DetectsSteps = detectsSteps;
        _timer.TryTake(out _);
        if (deadline == TimingWheel.Never && !detectsSteps)
        {
            Armed = 0;
            return WakeUp.Exact;
        }

        Armed = Math.Max(deadline, 1);
        Check();
        HasStepped |= _isCancelled;
        WakeUp wakeUp = _isCancelled ? WakeUp.Due : WakeUp.Exact;
        _isCancelled = false;
        return wakeUp;
    }

    public bool TryTakeStep()
    {
        Reads++;
        _timer.TryTake(out _);
        bool hasStepped = _isCancelled || HasStepped;
        _isCancelled = false;
        HasStepped = false;
        return hasStepped;
    }

    public long FromTimestamp(long timestamp) => timestamp;

    public Int128 FromDate(DateTimeOffset date) => Nanoseconds.Between(date, DateTimeOffset.UnixEpoch);

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        if (Armed != 0 && Armed <= Now)
        {
            Armed = 0;
            _timer.TryAdd();
        }
    }
}
