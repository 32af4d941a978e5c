using System.Globalization;

namespace MetricsGateway.Configuration;

/// <summary>
/// Durations in text form: a number with its unit, <c>500ms</c>, <c>1.5s</c>, <c>2m</c> or <c>1h</c>. A number without a unit is refused,
/// because it means milliseconds in statsd and seconds in Graphite.
/// </summary>
internal static class DurationText
{
    // More characters than any duration needs, and few enough that a decimal holds the number in milliseconds exactly.
    private const int MaxLength = 16;

    // The maximum of a TimeSpan. A conversion of more would throw, or wrap around silently.
    private const long MaxMilliseconds = long.MaxValue / TimeSpan.TicksPerMillisecond;

    // The longer suffix first: every text that ends with "ms" also ends with "s".
    private static readonly (string Unit, int Milliseconds)[] Units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    /// <summary>Reads a duration of whole milliseconds.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        foreach ((string unit, int milliseconds) in Units)
        {
            if (text.Length <= MaxLength && text.EndsWith(unit, StringComparison.Ordinal))
            {
                return TryScale(text.AsSpan(0, text.Length - unit.Length), milliseconds, out duration);
            }
        }

        return false;
    }

    /// <summary>Writes a duration of whole milliseconds in the largest unit that needs no fraction.</summary>
    public static string Format(TimeSpan duration)
    {
        long milliseconds = duration.Ticks / TimeSpan.TicksPerMillisecond;
        (string unit, int size) = Units.Last(candidate => candidate.Milliseconds == 1 || milliseconds % candidate.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }

    private static bool TryScale(ReadOnlySpan<char> number, int milliseconds, out TimeSpan duration)
    {
        duration = default;
        if (number is [] or ['.', ..] or [.., '.']
            || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            || value * milliseconds % 1 != 0
            || value * milliseconds > MaxMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)(value * milliseconds) * TimeSpan.TicksPerMillisecond);
        return true;
    }
}
