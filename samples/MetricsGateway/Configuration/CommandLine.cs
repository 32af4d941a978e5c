namespace MetricsGateway.Configuration;

internal enum InvocationAction
{
    Run,
    ShowHelp,
    ShowVersion,
}

/// <summary>What the command line asks for. The options count for <see cref="InvocationAction.Run"/> only.</summary>
internal sealed record Invocation(InvocationAction Action, GatewayOptions Options);

/// <summary>Reads <c>--name value</c> and <c>--name=value</c>; what stands here wins over the configuration file.</summary>
internal static class CommandLine
{
    public const string ConfigName = "config";

    private const string HelpName = "help";
    private const string VersionName = "version";
    private const string Prefix = "--";

    private static readonly IReadOnlyList<string> Names =
        [.. OptionTable.All.Select(option => option.Name), ConfigName, HelpName, VersionName];

    /// <exception cref="ConfigurationException">An argument, or the configuration file that it names, cannot be used.</exception>
    public static Invocation Parse(IReadOnlyList<string> arguments)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        for (int i = 0; i < arguments.Count; i++)
        {
            (string name, string? value) = Split(arguments[i]);
            switch (name)
            {
                case HelpName when value is null:
                    return new Invocation(InvocationAction.ShowHelp, GatewayOptions.Defaults);
                case VersionName when value is null:
                    return new Invocation(InvocationAction.ShowVersion, GatewayOptions.Defaults);
                case HelpName or VersionName:
                    throw new ConfigurationException($"'{Prefix}{name}' takes no value");
            }

            if (!Names.Contains(name, StringComparer.Ordinal))
            {
                throw new ConfigurationException($"unknown option '{Prefix}{name}'{NearestName.Hint(name, Names, Prefix)}");
            }

            value ??= ++i < arguments.Count
                ? arguments[i]
                : throw new ConfigurationException($"'{Prefix}{name}' needs a value: {Allowed(name)}");
            if (!values.TryAdd(name, value))
            {
                throw new ConfigurationException($"'{Prefix}{name}' is given twice");
            }
        }

        return new Invocation(InvocationAction.Run, Resolve(values));
    }

    private static (string Name, string? Value) Split(string argument)
    {
        if (argument is "-h")
        {
            return (HelpName, null);
        }

        if (!argument.StartsWith(Prefix, StringComparison.Ordinal) || argument.Length == Prefix.Length)
        {
            throw new ConfigurationException($"unexpected argument '{argument}': options are written --name value");
        }

        string text = argument[Prefix.Length..];
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (text, null) : (text[..equals], text[(equals + 1)..]);
    }

    private static GatewayOptions Resolve(Dictionary<string, string> values)
    {
        GatewayOptions options = GatewayOptions.Defaults;
        if (values.Remove(ConfigName, out string? path))
        {
            options = ConfigurationFile.Load(path, options);
        }

        foreach ((string name, string value) in values)
        {
            if (!OptionTable.Find(name)!.TryApply(value, ref options))
            {
                throw new ConfigurationException($"'{Prefix}{name}' must be {Allowed(name)}, not '{value}'");
            }
        }

        if (options is { StatsDUdp: null, StatsDTcp: null, UnixSocket: null, Graphite: null })
        {
            throw new ConfigurationException("nothing to receive: statsd-udp, statsd-tcp, unix-socket and graphite are all off");
        }

        return options;
    }

    private static string Allowed(string name) => OptionTable.Find(name)?.Allowed ?? "the path of a JSON file";
}
