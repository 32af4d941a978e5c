using System.Globalization;
using System.Text.Json;
using MetricsGateway.Metrics;

namespace MetricsGateway.Configuration;

/// <summary>One option: the same on the command line (<c>--name value</c>) and in the JSON file (<c>"name": value</c>).</summary>
internal sealed class Option
{
    private const string On = "on";
    private const int MaxPrefixLength = 255;
    private const int MinModeDigits = 3;
    private const int MaxModeDigits = 4;
    private const int MaxMode = 0x1FF;

    private delegate bool TryApplyText(string text, ref GatewayOptions options);

    private readonly TryApplyText _tryApply;
    private readonly Func<GatewayOptions, string> _format;
    private Func<GatewayOptions, GatewayOptions, bool>? _isSame;

    private Option(OptionText text, JsonTokenType jsonType, string allowed, TryApplyText tryApply, Func<GatewayOptions, string> format)
    {
        Text = text;
        JsonType = jsonType;
        Allowed = allowed;
        _tryApply = tryApply;
        _format = format;
    }

    public OptionText Text { get; }

    public string Name => Text.Name;

    /// <summary>The kind of JSON token that its value is.</summary>
    public JsonTokenType JsonType { get; }

    /// <summary>The allowed values, as the end of the sentence "… must be".</summary>
    public string Allowed { get; }

    /// <summary>The smallest and the largest value of a number or a time; null for other kinds.</summary>
    public string? Range { get; private init; }

    /// <summary>Where to listen: one address or several.</summary>
    public static Option Endpoints(
        OptionText text, Func<GatewayOptions, EndpointList?> get, Func<GatewayOptions, EndpointList?, GatewayOptions> with) =>
        OfEndpoints(
            text,
            $"ADDRESS:PORT, such as 127.0.0.1:8125, [::1]:8125 or localhost:8125, up to {EndpointList.MaxCount} with commas between "
                + $"them, or 'off'",
            EndpointList.MaxCount,
            get,
            with);

    /// <summary>Where to connect to.</summary>
    public static Option Server(
        OptionText text, Func<GatewayOptions, EndpointList?> get, Func<GatewayOptions, EndpointList?, GatewayOptions> with) =>
        OfEndpoints(text, "ADDRESS:PORT, such as 127.0.0.1:2003, [::1]:2003 or graphite.example:2003, or 'off'", maxCount: 1, get, with);

    public static Option SocketPath(
        OptionText text, Func<GatewayOptions, string?> get, Func<GatewayOptions, string?, GatewayOptions> with) =>
        OfText(text, $"a path of at most {EndpointText.MaxSocketPathBytes} bytes, or 'off'", EndpointText.IsSocketPath, get, with);

    public static Option FilePath(
        OptionText text, Func<GatewayOptions, string?> get, Func<GatewayOptions, string?, GatewayOptions> with) =>
        OfText(
            text,
            "the path of a file, or 'off'",
            value => value.Length > 0 && !value.Contains('\0', StringComparison.Ordinal),
            get,
            with);

    /// <summary>Permissions, as chmod(1) takes them.</summary>
    public static Option FileMode(
        OptionText text, Func<GatewayOptions, UnixFileMode> get, Func<GatewayOptions, UnixFileMode, GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            "an octal number from 0000 to 0777, such as 0722",
            (string value, ref GatewayOptions options) =>
            {
                if (value.Length is < MinModeDigits or > MaxModeDigits || value.Any(digit => digit is < '0' or > '7'))
                {
                    return false;
                }

                int mode = Convert.ToInt32(value, fromBase: 8);
                if (mode > MaxMode)
                {
                    return false;
                }

                options = with(options, (UnixFileMode)mode);
                return true;
            },
            options => Convert.ToString((int)get(options), toBase: 8).PadLeft(MaxModeDigits, '0'));

    public static Option GraphitePrefix(
        OptionText text, Func<GatewayOptions, string?> get, Func<GatewayOptions, string?, GatewayOptions> with) =>
        OfText(
            text,
            $"names of letters, digits, '_' and '-' with dots between them, of at most {MaxPrefixLength} characters, or 'off'",
            value => value.Length is > 0 and <= MaxPrefixLength && value.Split('.').All(IsPlainName),
            get,
            with);

    public static Option Number(
        OptionText text, int minimum, int maximum, Func<GatewayOptions, int> get, Func<GatewayOptions, int, GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.Number,
            $"a whole number from {minimum} to {maximum}",
            (string value, ref GatewayOptions options) =>
            {
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                    || number < minimum
                    || number > maximum)
                {
                    return false;
                }

                options = with(options, number);
                return true;
            },
            options => get(options).ToString(CultureInfo.InvariantCulture))
        {
            Range = $"{minimum}..{maximum}",
        };

    /// <summary>A time that may be off.</summary>
    public static Option Duration(
        OptionText text,
        TimeSpan minimum,
        TimeSpan maximum,
        Func<GatewayOptions, TimeSpan?> get,
        Func<GatewayOptions, TimeSpan?, GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            $"a time from {DurationText.Format(minimum)} to {DurationText.Format(maximum)} with its unit, such as 500ms, 1.5s or 2m, or "
                + $"'off'",
            (string value, ref GatewayOptions options) =>
            {
                bool isOff = EndpointText.IsOff(value);
                TimeSpan duration = default;
                if (!isOff && (!DurationText.TryParse(value, out duration) || duration < minimum || duration > maximum))
                {
                    return false;
                }

                options = with(options, isOff ? null : duration);
                return true;
            },
            options => get(options) is { } duration ? DurationText.Format(duration) : EndpointText.Off)
        {
            Range = $"{DurationText.Format(minimum)}..{DurationText.Format(maximum)}",
        };

    public static Option Percentiles(
        OptionText text, Func<GatewayOptions, PercentileList> get, Func<GatewayOptions, PercentileList, GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            $"up to {PercentileList.MaxCount} numbers from -100 to 100 without 0, such as 50,90,99.9, or 'off'",
            (string value, ref GatewayOptions options) =>
            {
                PercentileList? list = PercentileList.None;
                if (!EndpointText.IsOff(value) && !PercentileList.TryParse(value, out list))
                {
                    return false;
                }

                options = with(options, list);
                return true;
            },
            options => get(options) is { Items.Count: > 0 } list ? list.ToString() : EndpointText.Off);

    public static Option Histograms(
        OptionText text, Func<GatewayOptions, HistogramRules> get, Func<GatewayOptions, HistogramRules, GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            $"rules such as 10,100,inf or api=10,100,inf;db=none with rising limits above 0, up to {HistogramRules.MaxCount} of each, or "
                + $"'off'",
            (string value, ref GatewayOptions options) =>
            {
                HistogramRules? rules = HistogramRules.None;
                if (!EndpointText.IsOff(value) && !HistogramRules.TryParse(value, out rules))
                {
                    return false;
                }

                options = with(options, rules);
                return true;
            },
            options => get(options) is { IsEmpty: false } rules ? rules.ToString() : EndpointText.Off);

    public static Option Switch(
        OptionText text, Func<GatewayOptions, bool> get, Func<GatewayOptions, bool, GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            $"'{On}' or '{EndpointText.Off}'",
            (string value, ref GatewayOptions options) =>
            {
                bool isOn = string.Equals(value, On, StringComparison.Ordinal);
                if (!isOn && !EndpointText.IsOff(value))
                {
                    return false;
                }

                options = with(options, isOn);
                return true;
            },
            options => get(options) ? On : EndpointText.Off);

    public string Format(GatewayOptions options) => _format(options);

    /// <summary>Whether it is the same in both. A name with the same text may have got another address.</summary>
    public bool IsSame(GatewayOptions before, GatewayOptions after) =>
        _isSame?.Invoke(before, after) ?? string.Equals(Format(before), Format(after), StringComparison.Ordinal);

    /// <param name="text">The value.</param>
    /// <param name="options">The options to be changed; unchanged if the value is refused.</param>
    public bool TryApply(string text, ref GatewayOptions options) => _tryApply(text, ref options);

    private static Option OfText(
        OptionText text, string allowed, Func<string, bool> isValid, Func<GatewayOptions, string?> get, Func<GatewayOptions, string?,
            GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            allowed,
            (string value, ref GatewayOptions options) =>
            {
                bool isOff = EndpointText.IsOff(value);
                if (!isOff && !isValid(value))
                {
                    return false;
                }

                options = with(options, isOff ? null : value);
                return true;
            },
            options => get(options) ?? EndpointText.Off);

    private static Option OfEndpoints(
        OptionText text, string allowed, int maxCount, Func<GatewayOptions, EndpointList?> get, Func<GatewayOptions, EndpointList?,
            GatewayOptions> with) =>
        new(
            text,
            JsonTokenType.String,
            allowed,
            (string value, ref GatewayOptions options) =>
            {
                EndpointList? list = null;
                if (!EndpointText.IsOff(value) && !EndpointList.TryParse(value, maxCount, out list))
                {
                    return false;
                }

                options = with(options, list);
                return true;
            },
            options => get(options)?.ToString() ?? EndpointText.Off)
        {
            _isSame = (before, after) => Equals(get(before), get(after)),
        };

    private static bool IsPlainName(string name) =>
        name.Length > 0 && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-');
}

/// <summary>How an option is written and explained.</summary>
internal sealed record OptionText(string Name, string Placeholder, string Default, string Help);
