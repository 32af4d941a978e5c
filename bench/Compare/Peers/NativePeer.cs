using System.Diagnostics;
using System.Globalization;
using Vigil.Benchmarks.Reporting;

namespace Compare.Peers;

/// <summary>A driver in C. It has nothing to warm up but the machine's caches, which it does itself, so each turn is a new
/// process.</summary>
internal sealed class NativePeer : Peer
{
    private readonly string _program;
    private readonly HashSet<string> _measurements;

    private NativePeer(string name, string description, string program, IEnumerable<string> measurements)
        : base(name, description)
    {
        _program = program;
        _measurements = measurements.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The driver itself prints its measurements and the version of its library.</summary>
    public static NativePeer Create(string name, string library, string program)
    {
        string[] lines = ChildProgram.OutputOf(program, ["list"]).Split('\n');
        string version = lines[1]["version".Length..].Trim();
        return new NativePeer(name, $"{library} {version}".Trim(), program, lines[0].Split(' ').Skip(1));
    }

    public override bool Has(string measurement) => _measurements.Contains(measurement);

    public override Operations Prepare(string measurement) => new TurnByTurn(this, measurement);

    protected override ProcessStartInfo Command(string measurement) => new(_program, measurement.Split(' '));

    private sealed class TurnByTurn(NativePeer peer, string measurement) : Operations
    {
        public override bool NeedsWarmUp => false;

        public override double[] Perform(long count)
        {
            using PeerProcess process = peer.Start($"{measurement} {count.ToString(CultureInfo.InvariantCulture)}");
            return process.ReadFigures();
        }

        public override void Dispose()
        {
            // Every turn has cleaned up after itself.
        }
    }
}
