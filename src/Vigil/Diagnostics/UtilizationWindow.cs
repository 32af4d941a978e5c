using Vigil.Threading;

namespace Vigil.Diagnostics;

/// <summary>The busy fraction of a loop since the previous query, whoever made that. Any thread.</summary>
/// <remarks>
/// Several collectors may query. One that follows right after another must not get the instant in between, in which the loop was all busy
/// or all idle. So the window begins at the last query that is <see cref="Shortest"/> or more before this one: collectors that query
/// together get the same value, and a single one gets the time since its own previous query.
/// </remarks>
internal sealed class UtilizationWindow
{
    /// <summary>The shortest window in nanoseconds, once that much time has passed.</summary>
    public const long Shortest = 500_000_000;

    private readonly Lock _gate = new();
    private Reading _begin;
    private Reading _next;

    /// <param name="now">The time of the query in nanoseconds.</param>
    /// <param name="times">The loop's busy and idle time until then.</param>
    public double Next(long now, (long Busy, long Idle) times)
    {
        using (Uninterrupted.Enter(_gate))
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
