using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MetricsGateway.Metrics;

/// <summary>
/// A part of a timer's samples. A positive number is that many percent of them, counted from the smallest; a negative one, as in statsd,
/// counted from the largest.
/// </summary>
internal readonly record struct Percentile(decimal Percent)
{
    /// <summary>Whether it counts from the largest sample.</summary>
    public bool IsTop => Percent < 0;

    /// <summary>statsd's suffix of its values' names: <c>99_9</c> for 99.9, <c>top10</c> for -10.</summary>
    public string Suffix => ToString().Replace('.', '_').Replace("-", "top", StringComparison.Ordinal);

    /// <summary>The number of samples in the part, rounded as statsd does.</summary>
    public long CountOf(long samples) =>
        samples == 1 ? 1 : (long)Math.Round((double)Math.Abs(Percent) / 100 * samples, MidpointRounding.AwayFromZero);

    public override string ToString() => Percent.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>Reads a number from -100 to 100 that is not 0.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Percentile percentile)
    {
        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        bool isNumber = decimal.TryParse(text, Styles, CultureInfo.InvariantCulture, out decimal percent);
        percentile = new Percentile(decimal.Round(percent, 6));
        return isNumber && text is not ['+', ..] && percentile.Percent == percent && percent is >= -100 and <= 100 and not 0;
    }
}

/// <summary>The percentiles that are reported for every timer. Two lists with the same ones are equal.</summary>
internal sealed class PercentileList : IEquatable<PercentileList>
{
    /// <summary>The largest number of percentiles: each costs time for every timer at every flush.</summary>
    public const int MaxCount = 20;

    private readonly Percentile[] _items;

    private PercentileList(Percentile[] items)
    {
        _items = items;
    }

    public static PercentileList None { get; } = new([]);

    public IReadOnlyList<Percentile> Items => _items;

    /// <summary>Reads <c>50,90,99.9,-10</c>: at least one, without duplicates.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PercentileList? list)
    {
        list = null;
        string[] parts = text.Split(',');
        if (parts.Length > MaxCount)
        {
            return false;
        }

        var items = new Percentile[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!Percentile.TryParse(parts[i], out items[i]) || items.AsSpan(0, i).Contains(items[i]))
            {
                return false;
            }
        }

        list = new PercentileList(items);
        return true;
    }

    public override string ToString() => string.Join(',', _items);

    public bool Equals(PercentileList? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    public override bool Equals(object? obj) => Equals(obj as PercentileList);

    public override int GetHashCode() => _items.Aggregate(_items.Length, HashCode.Combine);
}
