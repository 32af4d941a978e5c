using System.Diagnostics;
using Vigil;

namespace MetricsGateway.Network;

/// <summary>
/// Continues the long commands of admin clients in turns: each iteration of the loop has one time slice for all of them together, so that
/// other sources wait no longer than that, however many clients there are and whatever they ask for.
/// </summary>
internal sealed class AdminTurns(EventManager manager)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(1);

    private readonly Queue<AdminConnection> _waiting = new();
    private bool _isScheduled;

    /// <summary>Whether the slice that began at that time is over.</summary>
    public static bool IsOver(long begin) => Stopwatch.GetElapsedTime(begin) >= Slice;

    /// <summary>Schedules a connection for a later iteration.</summary>
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
            // A connection that is not done is scheduled again for the next iteration, so that other sources are served in between.
            for (; turns > 0 && !IsOver(begin); turns--)
            {
                _waiting.Dequeue().GoOn(begin);
            }
        }
        finally
        {
            // A connection that throws is no longer in the queue; the others are.
            _isScheduled = false;
            if (_waiting.Count > 0)
            {
                Schedule();
            }
        }
    }
}
