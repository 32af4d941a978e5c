using System.Diagnostics;
using System.Reflection;
using Compare.Managed;

namespace Compare.Peers;

/// <summary>Vigil, or one of .NET's own facilities: this program again, in a process that stays for all turns of a case, so that it stays
/// warm.</summary>
internal sealed class ManagedPeer : Peer
{
    private readonly string _key;
    private readonly IReadOnlyDictionary<string, string> _environment;

    /// <param name="name">The head of its column.</param>
    /// <param name="description">Its description.</param>
    /// <param name="key">Its key in <see cref="ManagedCatalogue"/>.</param>
    /// <param name="environment">Environment variables of its process.</param>
    public ManagedPeer(string name, string description, string key, params (string Name, string Value)[] environment)
        : base(name, description)
    {
        _key = key;
        _environment = environment.ToDictionary(each => each.Name, each => each.Value, StringComparer.Ordinal);
    }

    public override bool Has(string measurement) => ManagedCatalogue.Has(_key, measurement);

    public override Operations Prepare(string measurement) => new Conversation(Start(measurement));

    protected override ProcessStartInfo Command(string measurement)
    {
        string[] arguments = ["run", _key, .. measurement.Split(' ')];
        string host = Environment.ProcessPath!;
        ProcessStartInfo start = Path.GetFileNameWithoutExtension(host).Equals("dotnet", StringComparison.Ordinal)
            ? new(host, [Assembly.GetExecutingAssembly().Location, .. arguments])
            : new(host, arguments);
        foreach ((string name, string value) in _environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private sealed class Conversation(PeerProcess process) : Operations
    {
        public override bool NeedsWarmUp => true;

        public override double[] Perform(long count)
        {
            process.Ask(count);
            return process.ReadFigures();
        }

        public override void Dispose() => process.Dispose();
    }
}
