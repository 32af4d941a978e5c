namespace Vigil.Diagnostics;

/// <summary>The busy fraction of a loop over the time since it was last asked for, whoever asks. Any thread.</summary>
/// <remarks>
/// Several collectors may ask. One that comes right after another must not be told of the instant in between, in which the loop was all busy or
/// all idle. So the time begins at the last question that lies <see cref="Shortest"/> or more before this one: collectors that ask together
/// are told the same, and a single one is told of the time since it asked last.
/// </remarks>
internal sealed class UtilizationWindow
{
    /// <summary>The shortest time that is told of, in nanoseconds, once there was that much.</summary>
    public const long Shortest = 500_000_000;

    private readonly Lock _gate = new();
    private Reading _begin;
    private Reading _next;

    /// <param name="now">The time of the question in nanoseconds.</param>
    /// <param name="times">How long the loop was busy and idle until then.</param>
    public double Next(long now, (long Busy, long Idle) times)
    {
        lock (_gate)
        {
            if (now - _next.At >= Shortest)
            {
                _begin = _next;
                _next = new Reading(now, times.Busy, times.Idle);
            }

            long busy = times.Busy - _begin.Busy;
            long all = busy + times.Idle - _begin.Idle;
            return all <= 0 ? 0 : (double)busy / all;
        }
    }

    private readonly record struct Reading(long At, long Busy, long Idle);
}
