namespace Vigil.Timing;

/// <summary>A user's clock: its readings, and a timer of its own that ends the loop's wait.</summary>
internal sealed class ProviderClock : IClock
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // The wall clock's reading at the start: 73 years, by which it may be set back, with 219 years left until its end. A user's clock
    // may begin at any date from the year 1 to 9999, and 64 bits hold no more than three centuries.
    private const long WallClockAtStart = 1L << 61;

    // The longest time that the system's timers accept.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly TimeProvider _provider;
    private readonly MachineTimeProvider? _machine;
    private readonly bool _isWallClock;
    private readonly bool _isBootClock;
    private readonly Action _wake;

    // Timestamps are counted from here: those of some providers are so great that in nanoseconds little room would be left.
    private readonly long _origin;
    private readonly DateTimeOffset _start;
    private ITimer? _timer;
    private int _hasStepped;

    /// <param name="provider">The user's clock.</param>
    /// <param name="clock">The kind of clock. Unless the provider is a <see cref="MachineTimeProvider"/>, suspensions and steps are not
    /// noticed.</param>
    /// <param name="wake">Ends the loop's current wait, or the next one. Any thread.</param>
    public ProviderClock(TimeProvider provider, TimerClock clock, Action wake)
    {
        _provider = provider;
        _machine = clock == TimerClock.Monotonic ? null : provider as MachineTimeProvider;
        _isWallClock = clock == TimerClock.WallClock;
        _isBootClock = clock == TimerClock.BootTime && _machine is not null;
        _wake = wake;
        _origin = ReadTimestamp();
        _start = _isWallClock ? provider.GetUtcNow() : default;
        if (_machine is not null)
        {
            _machine.ClockJumped += OnJumped;
        }
    }

    public long Now => _isWallClock
        ? (long)Int128.Clamp(FromDate(_provider.GetUtcNow()), 0, TimingWheel.Never)
        : Math.Max(FromTimestamp(ReadTimestamp()), 0);

    public long ReadingError => 0;

    public bool IsPollersClock => false;

    public bool ReadsTimestamps => false;

    public bool CanBeSet => _isWallClock && _machine is not null;

    public bool HasStepped => Volatile.Read(ref _hasStepped) != 0;

    public FileDescriptor? Open() => null;

    public void Close()
    {
    }

    public WakeUp WakeAt(long deadline, bool detectsSteps)
    {
        if (deadline == TimingWheel.Never)
        {
            _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return WakeUp.Exact;
        }

        // The timer takes a span, which is too long if time passes before it is set: another thread may let a virtual clock jump
        // in between. Then it is set again, too early by what passed. Too early is harmless, since the loop sets it again.
        _timer ??= _provider.CreateTimer(static wake => ((Action)wake!)(), _wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        const int Tries = 4;
        long margin = 0;
        for (int i = 0; i < Tries; i++)
        {
            long before = Now;
            if (before >= deadline)
            {
                return WakeUp.Due;
            }

            _timer.Change(RoundedUp(Math.Max(deadline - before - margin, 0)), Timeout.InfiniteTimeSpan);
            long passed = Now - before;
            if (passed <= margin)
            {
                // The accuracy of the provider's timers is unknown; the system's may fire before its own timestamp has reached the time.
                return WakeUp.Inexact;
            }

            margin = 2 * passed;
        }

        return WakeUp.Due;
    }

    // By one operation: another thread may set the clock again at this moment.
    public bool TryTakeStep() => Interlocked.Exchange(ref _hasStepped, 0) != 0;

    public long FromTimestamp(long timestamp)
    {
        Int128 nanoseconds = ((Int128)timestamp - _origin) * NanosecondsPerSecond / _provider.TimestampFrequency;
        return (long)Int128.Clamp(nanoseconds, Nanoseconds.First, TimingWheel.Never);
    }

    public Int128 FromDate(DateTimeOffset date) => Nanoseconds.Between(date, _start) + WallClockAtStart;

    public void Dispose()
    {
        try
        {
            if (_machine is not null)
            {
                _machine.ClockJumped -= OnJumped;
            }
        }
        finally
        {
            _timer?.Dispose();
        }
    }

    private long ReadTimestamp() => _isBootClock ? _machine!.GetBootTimestamp() : _provider.GetTimestamp();

    // The provider's timer was set for the clock as it ran before.
    private void OnJumped(object? sender, EventArgs e)
    {
        Volatile.Write(ref _hasStepped, _isWallClock ? 1 : 0);
        _wake();
    }

    private static TimeSpan RoundedUp(long nanoseconds)
    {
        TimeSpan span = Nanoseconds.ToTimeSpan(Nanoseconds.Add(nanoseconds, 99));
        return span < LongestTimer ? span : LongestTimer;
    }
}
