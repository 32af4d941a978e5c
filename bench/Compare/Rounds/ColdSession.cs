using Compare.Peers;

namespace Compare.Rounds;

/// <summary>Every turn is one operation in a process of its own.</summary>
internal sealed class ColdSession(Peer peer, string measurement) : Session
{
    public override double[] Measure()
    {
        using Operations operations = peer.Prepare(measurement);
        return operations.Perform(1);
    }

    public override void Dispose()
    {
        // Every turn has cleaned up after itself.
    }
}
