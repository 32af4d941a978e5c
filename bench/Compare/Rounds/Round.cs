using Compare.Peers;

namespace Compare.Rounds;

/// <summary>A turn of everybody, one after the other, so that all meet the same mood of the machine. Who failed is not in it.</summary>
internal sealed class Round
{
    private readonly Dictionary<Peer, double[]> _figures = [];

    /// <param name="peer">Whose.</param>
    /// <param name="figure">Which.</param>
    /// <returns>NaN where there is none.</returns>
    public double this[Peer peer, int figure] =>
        _figures.TryGetValue(peer, out double[]? figures) && figure < figures.Length ? figures[figure] : double.NaN;

    public void Add(Peer peer, double[] figures) => _figures.Add(peer, figures);
}
