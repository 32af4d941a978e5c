using Compare.Cases;
using Compare.Peers;

namespace Compare.Rounds;

/// <summary>Measures a case in rounds. A different peer begins in each.</summary>
internal sealed class CaseMeasurement
{
    private readonly List<(Peer Peer, Session Session)> _sessions = [];
    private readonly List<string> _failures = [];

    public static CaseResult Measure(Case measured, IReadOnlyList<Peer> peers, Pace pace)
    {
        var measurement = new CaseMeasurement();
        try
        {
            Peer[] included = [.. peers.Where(measured.Includes)];
            foreach (Peer peer in included)
            {
                measurement.Try(peer, () => measurement._sessions.Add((peer, measured.Open(peer, pace))));
            }

            return new CaseResult(
                measured,
                included,
                measurement.TakeRounds(Math.Min(measured.Rounds, pace.MostRounds)),
                measurement._failures);
        }
        finally
        {
            measurement._sessions.ForEach(each => each.Session.Dispose());
        }
    }

    private List<Round> TakeRounds(int count)
    {
        List<Round> rounds = [];
        for (int i = 0; i < count; i++)
        {
            var round = new Round();
            (Peer, Session)[] inOrder = [.. _sessions.Skip(
                i % Math.Max(1, _sessions.Count)), .. _sessions.Take(i % Math.Max(1, _sessions.Count))];
            foreach ((Peer peer, Session session) in inOrder)
            {
                if (!Try(peer, () => round.Add(peer, session.Measure())))
                {
                    _sessions.Remove((peer, session));
                    session.Dispose();
                }
            }

            rounds.Add(round);
        }

        return rounds;
    }

    // A peer that fails does not affect the others.
    private bool Try(Peer peer, Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (InvalidOperationException exception)
        {
            _failures.Add(exception.Message);
            Console.Error.WriteLine($"{peer}: {exception.Message}");
            return false;
        }
    }
}
