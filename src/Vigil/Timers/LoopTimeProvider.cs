namespace Vigil;

/// <summary>
/// The loop's clock for other libraries: it reads the manager's clock, and its timers fire on the loop. After the manager's disposal the
/// underlying clock runs its timers, so that no waiter hangs.
/// </summary>
internal sealed class LoopTimeProvider : TimeProvider
{
    private readonly LoopCore _core;

    public LoopTimeProvider(LoopCore core, TimeProvider underlying)
    {
        _core = core;
        Underlying = underlying;
    }

    public TimeProvider Underlying { get; }

    public override long TimestampFrequency => Underlying.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => Underlying.LocalTimeZone;

    public override long GetTimestamp() => Underlying.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => Underlying.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ProvidedTimer(_core, Underlying, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
