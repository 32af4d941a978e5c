using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Vigil.Benchmarks.Files;
using Vigil.Benchmarks.Reporting;

namespace Compare.Peers;

/// <summary>npm's statsd, from the user's installation. It serves, and measures nothing itself.</summary>
internal sealed class StatsDPeer : Peer, IDisposable
{
    private const string Serving = "statsd";
    private const string Node = "node";

    private readonly TemporaryDirectory _configurations = new();
    private readonly string _script;

    private StatsDPeer(string script, string versions)
        : base("npm `statsd`", versions)
    {
        _script = script;
    }

    /// <param name="directory">Where npm was run.</param>
    /// <exception cref="InvalidOperationException">It is not there, or cannot be run.</exception>
    public static StatsDPeer In(string directory)
    {
        string package = Path.Combine(Path.GetFullPath(directory), "node_modules", "statsd");
        string script = Path.Combine(package, "stats.js");
        return File.Exists(script)
            ? new StatsDPeer(script, $"npm `statsd` {VersionsOf(Path.Combine(package, "package.json"))}")
            : throw new InvalidOperationException($"{script} is not there: run 'npm install statsd' in {directory}.");
    }

    public override bool Has(string measurement) => measurement == Serving;

    public override Operations Prepare(string measurement) => throw new NotSupportedException("statsd has no measurements of its own.");

    public void Dispose() => _configurations.Dispose();

    private static string VersionsOf(string packageFile)
    {
        try
        {
            string file = JsonSerializer.Serialize(packageFile);
            return ChildProgram.OutputOf(Node, ["-p", $"`${{require({file}).version}}, run by node ${{process.version}}`"]).Trim();
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"statsd is installed, and {Node}, which runs it, is not: {exception.Message}", exception);
        }
    }

    /// <param name="measurement">"statsd", the UDP port, and the admin port.</param>
    protected override ProcessStartInfo Command(string measurement)
    {
        string[] words = measurement.Split(' ');
        string configuration = Path.Combine(_configurations.Path, $"{words[1]}.js");

        // It flushes after an hour, that is never: only its reception is compared.
        File.WriteAllText(configuration, $$"""
            {
              servers: [{ server: "./servers/udp", address: "127.0.0.1", port: {{words[1]}} }],
              mgmt_address: "127.0.0.1",
              mgmt_port: {{words[2]}},
              flushInterval: 3600000,
              backends: [],
            }
            """);
        return new ProcessStartInfo(Node, [_script, configuration]) { WorkingDirectory = Path.GetDirectoryName(_script) };
    }
}
