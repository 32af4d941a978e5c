using System.Diagnostics;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// Admin clients whose commands take long go on by turns: in each iteration of the loop one slice of time for all of them together, so that
/// nobody else waits longer, however many they are and whatever they ask for.
/// </summary>
internal sealed class AdminTurns(EventManager manager)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(1);

    private readonly Queue<AdminConnection> _waiting = new();
    private bool _isScheduled;

    /// <summary>Whether who has begun at a time has had its slice.</summary>
    public static bool IsOver(long begin) => Stopwatch.GetElapsedTime(begin) >= Slice;

    /// <summary>Lets a connection go on, in a later iteration.</summary>
    public void Add(AdminConnection connection)
    {
        _waiting.Enqueue(connection);
        Schedule();
    }

    private void Schedule()
    {
        if (!_isScheduled)
        {
            _isScheduled = true;
            manager.Defer(static (_, turns) => turns.Run(), this);
        }
    }

    private void Run()
    {
        long begin = Stopwatch.GetTimestamp();
        int turns = _waiting.Count;
        try
        {
            // Who is not done comes again in the next iteration: others may have something to do in between.
            for (; turns > 0 && !IsOver(begin); turns--)
            {
                _waiting.Dequeue().GoOn(begin);
            }
        }
        finally
        {
            // Whoever throws is not in the queue any more; the others are.
            _isScheduled = false;
            if (_waiting.Count > 0)
            {
                Schedule();
            }
        }
    }
}
