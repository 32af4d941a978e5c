namespace MetricsGateway.Configuration;

internal enum InvocationAction
{
    Run,
    ShowHelp,
    ShowVersion,
}

/// <summary>The action that the command line asks for. Source and options matter only for <see cref="InvocationAction.Run"/>.</summary>
internal sealed record Invocation(InvocationAction Action, ConfigurationSource Source, LoadedConfiguration Loaded)
{
    public GatewayOptions Options => Loaded.Options;
}

/// <summary>Reads <c>--name value</c> and <c>--name=value</c>; the command line overrides the configuration file.</summary>
internal static class CommandLine
{
    public const string ConfigName = "config";
    public const string Prefix = "--";

    private const string HelpName = "help";
    private const string VersionName = "version";

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
                    return Show(InvocationAction.ShowHelp);
                case VersionName when value is null:
                    return Show(InvocationAction.ShowVersion);
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

        values.Remove(ConfigName, out string? path);
        ConfigurationSource source = new(path, values);
        return new Invocation(InvocationAction.Run, source, source.Load());
    }

    private static Invocation Show(InvocationAction action)
    {
        ConfigurationSource nothing = new(path: null, new Dictionary<string, string>(StringComparer.Ordinal));
        return new Invocation(action, nothing, nothing.Load());
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

    private static string Allowed(string name) => OptionTable.Find(name)?.Allowed ?? "the path of a JSON file";
}
