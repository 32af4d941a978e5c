using Vigil.Recording;

namespace Vigil;

/// <summary>
/// The loop's clock for other libraries: it reads the manager's clock, and its timers fire on the loop. After the manager's disposal the
/// underlying clock runs its timers, so that no waiter hangs.
/// </summary>
internal sealed class LoopTimeProvider : TimeProvider
{
    private readonly LoopCore _core;
    private readonly RecordingSession? _recording;

    public LoopTimeProvider(LoopCore core, TimeProvider underlying, RecordingSession? recording)
    {
        _recording = recording;
        _core = core;
        Underlying = underlying;
    }

    public TimeProvider Underlying { get; }

    public override long TimestampFrequency => Underlying.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => Underlying.LocalTimeZone;

    public override long GetTimestamp()
    {
        long reading = Underlying.GetTimestamp();
        return _recording is null ? reading : _recording.OnReading(RecordedClock.Timestamp, reading);
    }

    public override DateTimeOffset GetUtcNow()
    {
        DateTimeOffset reading = Underlying.GetUtcNow();
        return _recording is null ? reading : new DateTimeOffset(_recording.OnReading(RecordedClock.Date, reading.UtcTicks), TimeSpan.Zero);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ProvidedTimer(_core, Underlying, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
