using Vigil.Interop;
using Vigil.IO;

namespace Vigil.Timing;

/// <summary>
/// A clock of the kernel with a <c>timerfd(2)</c>. A wait that carried the deadline itself would be late by the thread's timer slack
/// of 50 µs, and by a thousandth of its length, up to 100 ms, beyond that (<c>select_estimate_accuracy</c>); a timerfd is not.
/// It is set only when the earliest deadline changes.
/// </summary>
internal sealed class KernelClock : IClock
{
    // DateTime counts in 100 ns: the difference of two truncated readings can be 99 ns too small.
    private const long DateTimeError = 99;

    private readonly int _clock;
    private FdHandle? _timer;

    public KernelClock(TimerClock clock)
    {
        _clock = clock switch
        {
            TimerClock.Monotonic => ClockNative.CLOCK_MONOTONIC,
            TimerClock.BootTime => ClockNative.CLOCK_BOOTTIME,
            _ => ClockNative.CLOCK_REALTIME,
        };
    }

    public long Now => _clock == ClockNative.CLOCK_MONOTONIC ? MonotonicClock.NowNanoseconds : ClockNative.Read(_clock);

    public long ReadingError => DateTimeError;

    public bool IsPollersClock => _clock == ClockNative.CLOCK_MONOTONIC;

    public bool ReadsTimestamps => _clock == ClockNative.CLOCK_MONOTONIC;

    public bool CanBeSet => _clock == ClockNative.CLOCK_REALTIME;

    public bool HasStepped { get; private set; }

    public FileDescriptor? Open() =>
        _timer ??= new FdHandle(FdHandle.Created(TimerFdNative.Create(_clock, out int errno), errno, "timerfd_create"));

    public WakeUp WakeAt(long deadline, bool detectsSteps)
    {
        // 0 disarms it, as wanted without a deadline; a past time expires at once. A timer that detects steps must be armed: otherwise the
        // kernel would forget a step that nobody has read yet.
        long time = deadline == TimingWheel.Never && !detectsSteps ? 0 : Math.Max(deadline, 1);
        int errno = TimerFdNative.SetAbsolute(NumberOfTimer, time, detectsSteps);
        if (errno == Errno.ECANCELED)
        {
            HasStepped = true;
            return WakeUp.Due;
        }

        return errno == Errno.Success ? WakeUp.Exact : throw FdHandle.Failed("timerfd_settime", errno);
    }

    public bool TryTakeStep()
    {
        // A failed read says nothing. Reporting a step too many is harmless; a missed one may be an hour.
        bool hasStepped = TimerFdNative.Read(NumberOfTimer) is not (Errno.Success or Errno.EAGAIN) || HasStepped;
        HasStepped = false;
        return hasStepped;
    }

    public long FromTimestamp(long timestamp) => Math.Max(timestamp, Nanoseconds.First);

    // The kernel's wall clock cannot be set to a time before 1970 (timespec64_valid_settod), so it is never negative. Dates may be earlier.
    public Int128 FromDate(DateTimeOffset date) => Nanoseconds.Between(date, DateTimeOffset.UnixEpoch);

    public void Close()
    {
        _timer?.Dispose();
        _timer = null;
    }

    public void Dispose() => Close();

    // The handle is this object's alone, so no reference need be counted. −1 without one: then the kernel answers EBADF.
    private int NumberOfTimer => _timer?.Number ?? -1;
}
