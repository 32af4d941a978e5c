using Compare.Peers;

namespace Compare.Rounds;

/// <summary>One turn of every peer, one after the other, so that all meet the same state of the machine. Peers that failed are not
/// in it.</summary>
internal sealed class Round
{
    private readonly Dictionary<Peer, double[]> _figures = [];

    /// <param name="peer">The peer.</param>
    /// <param name="figure">The index of the figure.</param>
    /// <returns>NaN if there is none.</returns>
    public double this[Peer peer, int figure] =>
        _figures.TryGetValue(peer, out double[]? figures) && figure < figures.Length ? figures[figure] : double.NaN;

    public void Add(Peer peer, double[] figures) => _figures.Add(peer, figures);
}
