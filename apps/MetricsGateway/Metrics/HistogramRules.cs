using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace MetricsGateway.Metrics;

/// <summary>The bins that count the samples of some timers. As in statsd, each ends at an exclusive limit.</summary>
internal sealed class HistogramBins
{
    private readonly string[] _texts;

    /// <param name="limits">Ascending. They stay decimal for the sake of the bins' names, which need more than the first fifteen
    /// digits.</param>
    /// <param name="isEndless">Whether there is one more bin, for all larger samples.</param>
    public HistogramBins(IReadOnlyList<decimal> limits, bool isEndless)
    {
        _texts = [.. limits.Select(limit => limit.ToString("0.######", CultureInfo.InvariantCulture)), .. isEndless
            ? [HistogramRules.Infinity]
            : Array.Empty<string>()];
        Limits = [.. limits.Select(limit => (double)limit), .. isEndless ? [double.PositiveInfinity] : Array.Empty<double>()];
        Names = [.. _texts.Select(text => Encoding.ASCII.GetBytes($"bin_{text.Replace('.', '_')}"))];
    }

    /// <summary>Ascending; the last one may be infinite.</summary>
    public double[] Limits { get; }

    /// <summary>statsd's names of the bins: <c>bin_0_5</c>, <c>bin_100</c>, <c>bin_inf</c>.</summary>
    public IReadOnlyList<byte[]> Names { get; }

    public override string ToString() => Limits is [] ? HistogramRules.NoBins : string.Join(',', _texts);
}

/// <summary>
/// Which timers have a histogram: rules with a part of the name and bins, of which the first match applies. Two lists with the same rules
/// are equal.
/// </summary>
internal sealed class HistogramRules : IEquatable<HistogramRules>
{
    /// <summary>The largest number of rules, and of bins in each.</summary>
    public const int MaxCount = 50;

    public const string Infinity = "inf";
    public const string NoBins = "none";

    private readonly (byte[] Part, HistogramBins Bins)[] _rules;
    private readonly string _text;

    private HistogramRules((byte[] Part, HistogramBins Bins)[] rules)
    {
        _rules = rules;
        _text = string.Join(
            ';',
            rules.Select(rule => rule.Part is [] ? $"{rule.Bins}" : $"{Encoding.UTF8.GetString(rule.Part)}={rule.Bins}"));
    }

    public static HistogramRules None { get; } = new([]);

    public bool IsEmpty => _rules is [];

    /// <summary>Reads <c>PART=LIMIT,LIMIT…;PART=none;LIMIT,LIMIT…</c>. A rule without a part applies to every timer.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HistogramRules? rules)
    {
        rules = null;
        string[] texts = text.Split(';');
        var parsed = new (byte[] Part, HistogramBins Bins)[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            int equals = texts[i].LastIndexOf('=');
            string part = equals < 0 ? string.Empty : texts[i][..equals];
            if (!TryParseBins(texts[i][(equals + 1)..], out HistogramBins? bins))
            {
                return false;
            }

            parsed[i] = (Encoding.UTF8.GetBytes(part), bins);
        }

        rules = parsed.Length <= MaxCount ? new HistogramRules(parsed) : null;
        return rules is not null;
    }

    /// <returns>The bins for a timer, or null if it has no histogram.</returns>
    public HistogramBins? Find(ReadOnlySpan<byte> key)
    {
        foreach ((byte[] part, HistogramBins bins) in _rules)
        {
            if (key.IndexOf(part) >= 0)
            {
                return bins.Limits is [] ? null : bins;
            }
        }

        return null;
    }

    public override string ToString() => _text;

    public bool Equals(HistogramRules? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as HistogramRules);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    private static bool TryParseBins(string text, [NotNullWhen(true)] out HistogramBins? bins)
    {
        bins = null;
        if (string.Equals(text, NoBins, StringComparison.Ordinal))
        {
            bins = new HistogramBins([], isEndless: false);
            return true;
        }

        string[] parts = text.Split(',');
        bool isEndless = string.Equals(parts[^1], Infinity, StringComparison.Ordinal);
        List<decimal> limits = [];
        foreach (string part in isEndless ? parts[..^1] : parts)
        {
            // Limits that are equal as doubles would make an empty bin.
            if (!TryParseLimit(part, out decimal limit) || (limits is [.., var last] && (double)limit <= (double)last))
            {
                return false;
            }

            limits.Add(limit);
        }

        bins = parts.Length <= MaxCount ? new HistogramBins(limits, isEndless) : null;
        return bins is not null;
    }

    // At most six digits after the point, so that every limit has a distinct name.
    private static bool TryParseLimit(string text, out decimal limit) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out limit)
            && limit > 0 && decimal.Round(limit, 6) == limit && text is not ['.', ..] and not [.., '.'];
}
