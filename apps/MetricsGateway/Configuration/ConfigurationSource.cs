namespace MetricsGateway.Configuration;

/// <summary>
/// Loads the options: the defaults, overridden by a file, overridden by the command line. The start and every reload use the same rules.
/// </summary>
/// <param name="path">The configuration file, or null if there is none.</param>
/// <param name="arguments">The names and values of the command line.</param>
internal sealed class ConfigurationSource(string? path, IReadOnlyDictionary<string, string> arguments)
{
    // The directory in which the gateway was started. It may be gone at a reload, for example after a deployment that replaces it.
    private readonly string? _directory = CurrentDirectory();

    /// <summary>The configuration file, or null if there is none.</summary>
    public string? Path => path;

    /// <exception cref="ConfigurationException">The file cannot be read, or part of it or of the command line cannot be used.</exception>
    /// <exception cref="NameLookupException">A host name has no address.</exception>
    public LoadedConfiguration Load()
    {
        byte[] content = Read();
        return new LoadedConfiguration(Resolve(content), content);
    }

    /// <returns>The bytes of the file; empty without one.</returns>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public byte[] Read() => path is null ? [] : ConfigurationFile.Read(path);

    /// <summary>The options for this content of the file. Host names are looked up.</summary>
    /// <exception cref="ConfigurationException">Part of it or of the command line cannot be used.</exception>
    /// <exception cref="NameLookupException">A host name has no address.</exception>
    public GatewayOptions Resolve(ReadOnlySpan<byte> content)
    {
        GatewayOptions options = GatewayOptions.Defaults;
        if (path is not null)
        {
            options = ConfigurationFile.Apply(content, path, options);
        }

        foreach ((string name, string value) in arguments)
        {
            Option option = OptionTable.Find(name)!;
            if (!option.TryApply(value, ref options))
            {
                throw new ConfigurationException($"'{CommandLine.Prefix}{name}' must be {option.Allowed}, not '{value}'");
            }
        }

        if (options is { StatsDUdp: null, StatsDTcp: null, UnixSocket: null, Graphite: null })
        {
            throw new ConfigurationException("nothing to receive: statsd-udp, statsd-tcp, unix-socket and graphite are all off");
        }

        options = NameLookup.Apply(options);
        if (options is { GraphiteSend: { } target, Graphite: { } listener } && OwnAddresses.Reaches(target, listener, options.IPv6Only))
        {
            // Each flush would make new names out of the names of the previous one.
            throw new ConfigurationException(
                $"graphite-send {target} is the gateway's own listener (graphite {listener}); move or turn off one of them");
        }

        if (options.GraphiteSend?.Found.Any(found => found.Endpoint.Port == 0) == true)
        {
            throw new ConfigurationException("graphite-send needs the port of a server: 0 is none");
        }

        return options.FlushFile is { } file ? options with { FlushFile = FullPath(OptionTable.FlushFile, file) } : options;
    }

    private static string? CurrentDirectory()
    {
        try
        {
            return Environment.CurrentDirectory;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It was deleted before the start. That matters only if a file is given by a relative path.
            return null;
        }
    }

    // A relative path means the same file for the gateway's whole life.
    private string FullPath(string option, string file) => System.IO.Path.IsPathRooted(file)
        ? file
        : System.IO.Path.GetFullPath(
            file,
            _directory ?? throw new ConfigurationException(
                $"'{option}' must be an absolute path, not '{file}': there is no working directory"));
}

/// <param name="Options">The options.</param>
/// <param name="Content">The bytes of the file that they were read from; empty without one.</param>
internal sealed record LoadedConfiguration(GatewayOptions Options, ReadOnlyMemory<byte> Content);
