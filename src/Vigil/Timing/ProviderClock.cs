namespace Vigil.Timing;

/// <summary>A clock of the user's: its readings, and a timer of its own that ends the loop's wait.</summary>
internal sealed class ProviderClock : IClock
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // The longest that the system's timers take.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly TimeProvider _provider;
    private readonly bool _isWallClock;
    private readonly Action _wake;
    private ITimer? _timer;

    /// <param name="provider">What is read.</param>
    /// <param name="clock">Which of its clocks; it does not know a suspended machine.</param>
    /// <param name="wake">Ends the loop's current wait, or the next one. Any thread.</param>
    public ProviderClock(TimeProvider provider, TimerClock clock, Action wake)
    {
        _provider = provider;
        _isWallClock = clock == TimerClock.WallClock;
        _wake = wake;
    }

    public long Now => _isWallClock ? Nanoseconds.SinceEpoch(_provider.GetUtcNow()) : Math.Max(FromTimestamp(_provider.GetTimestamp()), 0);

    public long ReadingError => 0;

    public bool IsPollers => false;

    public FileDescriptor? Open() => null;

    public WakeUp WakeAt(long deadline, bool watchesSteps)
    {
        if (deadline == TimingWheel.Never)
        {
            _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return WakeUp.Exact;
        }

        // The timer takes a span, which is wrong if another thread lets a virtual clock jump in between. A real one goes on all the
        // time, by so little that it does no harm; it should not be chased.
        _timer ??= _provider.CreateTimer(static wake => ((Action)wake!)(), _wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        const int Tries = 3;
        long now = Now;
        for (int i = 0; i < Tries && now < deadline; i++)
        {
            _timer.Change(RoundedUp(deadline - now), Timeout.InfiniteTimeSpan);
            long readBefore = now;
            now = Now;
            if (now == readBefore)
            {
                break;
            }
        }

        // Nothing is known of how exact the provider's timers are; the system's may come before its own timestamp says so.
        return now < deadline ? WakeUp.Inexact : WakeUp.Due;
    }

    public bool TryTakeStep() => false;

    // Whatever the frequency, no whole second is lost to rounding.
    public long FromTimestamp(long timestamp)
    {
        long frequency = _provider.TimestampFrequency;
        return frequency == NanosecondsPerSecond ? timestamp : (long)((Int128)timestamp * NanosecondsPerSecond / frequency);
    }

    public void Dispose() => _timer?.Dispose();

    private static TimeSpan RoundedUp(long nanoseconds)
    {
        TimeSpan span = Nanoseconds.ToTimeSpan(Nanoseconds.Add(nanoseconds, 99));
        return span < LongestTimer ? span : LongestTimer;
    }
}
