using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace MetricsGateway.Metrics;

/// <summary>The bins that the samples of some timers are counted in, each up to a limit that does not belong to it, as in statsd.</summary>
internal sealed class HistogramBins
{
    public HistogramBins(IReadOnlyList<double> limits)
    {
        Limits = [.. limits];
        Names = [.. limits.Select(limit => Encoding.ASCII.GetBytes($"bin_{Text(limit).Replace('.', '_')}"))];
    }

    /// <summary>Ascending; the last one may be infinite.</summary>
    public double[] Limits { get; }

    /// <summary>What statsd calls each bin: <c>bin_0_5</c>, <c>bin_100</c>, <c>bin_inf</c>.</summary>
    public IReadOnlyList<byte[]> Names { get; }

    public override string ToString() => Limits is [] ? HistogramRules.NoBins : string.Join(',', Limits.Select(Text));

    private static string Text(double limit) => double.IsPositiveInfinity(limit) ? HistogramRules.Infinity : limit.ToString("0.######", CultureInfo.InvariantCulture);
}

/// <summary>
/// Which timers have a histogram: rules of a part of the name and bins, of which the first that fits counts. Two lists of the same ones are equal.
/// </summary>
internal sealed class HistogramRules : IEquatable<HistogramRules>
{
    /// <summary>How many rules there may be, and how many bins in each.</summary>
    public const int MaxCount = 50;

    public const string Infinity = "inf";
    public const string NoBins = "none";

    private readonly (byte[] Part, HistogramBins Bins)[] _rules;
    private readonly string _text;

    private HistogramRules((byte[] Part, HistogramBins Bins)[] rules)
    {
        _rules = rules;
        _text = string.Join(';', rules.Select(rule => rule.Part is [] ? $"{rule.Bins}" : $"{Encoding.UTF8.GetString(rule.Part)}={rule.Bins}"));
    }

    public static HistogramRules None { get; } = new([]);

    public bool IsEmpty => _rules is [];

    /// <summary>Reads <c>PART=LIMIT,LIMIT…;PART=none;LIMIT,LIMIT…</c>. Without a part a rule is for every timer.</summary>
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
            bins = new HistogramBins([]);
            return true;
        }

        string[] parts = text.Split(',');
        List<double> limits = [];
        foreach (string part in parts)
        {
            if (!TryParseLimit(part, out double limit) || (limits is [.., var last] && limit <= last))
            {
                return false;
            }

            limits.Add(limit);
        }

        bins = limits.Count <= MaxCount ? new HistogramBins(limits) : null;
        return bins is not null;
    }

    // Six digits behind the point, so that every limit has a name of its own.
    private static bool TryParseLimit(string text, out double limit)
    {
        if (string.Equals(text, Infinity, StringComparison.Ordinal))
        {
            limit = double.PositiveInfinity;
            return true;
        }

        bool isNumber = decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value);
        limit = (double)value;
        return isNumber && value > 0 && decimal.Round(value, 6) == value && text is not ['.', ..] and not [.., '.'];
    }
}
