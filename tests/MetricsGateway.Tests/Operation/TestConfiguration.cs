using System.Text.Json;
using MetricsGateway.Configuration;

namespace MetricsGateway.Tests.Operation;

/// <summary>
/// The configuration file of a gateway with all listeners on free ports, which by default neither flushes nor watches the file.
/// </summary>
internal sealed class TestConfiguration : IDisposable
{
    public const string AnyPort = "127.0.0.1:0";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");

    private readonly bool _isWatched;

    public TestConfiguration(bool isWatched = false)
    {
        _isWatched = isWatched;
        Write();
    }

    public string Path => InDirectory("gateway.json");

    /// <summary>The file, and overriding arguments of the command line.</summary>
    public ConfigurationSource Source(params IReadOnlyList<(string Option, string Value)> arguments) =>
        new(Path, arguments.ToDictionary(argument => argument.Option, argument => argument.Value, StringComparer.Ordinal));

    /// <summary>Another path in the directory of the file.</summary>
    public string InDirectory(string name) => System.IO.Path.Combine(_directory.FullName, name);

    /// <summary>Writes the file: the options of every test, with these added or replaced.</summary>
    public void Write(params IReadOnlyList<(string Option, object Value)> options) => WriteText(Text(options));

    public void WriteText(string text) => File.WriteAllText(Path, text);

    public string Text(params IReadOnlyList<(string Option, object Value)> options)
    {
        Dictionary<string, object> all = new(StringComparer.Ordinal)
        {
            ["statsd-udp"] = AnyPort,
            ["statsd-tcp"] = AnyPort,
            ["graphite"] = AnyPort,
            ["admin"] = AnyPort,
            ["flush-interval"] = "off",
            ["watch-config"] = _isWatched ? "on" : "off",
        };
        foreach ((string option, object value) in options)
        {
            all[option] = value;
        }

        return JsonSerializer.Serialize(all);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
