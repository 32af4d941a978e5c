using System.Net;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// A time in which not everything could be sent: what is wrong is said once, and once how it ended. It begins when the server cannot be
/// reached or lines are dropped, and ends when a flush is sent as a whole, nothing waits any more, and the connection has lasted a while: a
/// server that takes connections only to close them is one trouble, not many.
/// </summary>
/// <param name="endpoint">The server.</param>
/// <param name="time">Measures how long it lasts.</param>
/// <param name="errors">Where it is said.</param>
/// <param name="droppedBefore">How many lines had been dropped before it began.</param>
internal sealed class GraphiteTrouble(IPEndPoint endpoint, TimeProvider time, TextWriter errors, long droppedBefore)
{
    private readonly long _begin = time.GetTimestamp();
    private long _failures;
    private bool _isDropping;

    public void OnFailure(string reason)
    {
        if (_failures++ == 0)
        {
            errors.Write(ConsoleText.GraphiteLost(endpoint, reason));
        }
    }

    public void OnDropped()
    {
        if (!_isDropping)
        {
            _isDropping = true;
            errors.Write(ConsoleText.GraphiteDropping(endpoint));
        }
    }

    /// <param name="dropped">How many lines have been dropped until now, before it began included.</param>
    public void OnRecovered(long dropped) =>
        errors.Write(ConsoleText.GraphiteRecovered(endpoint, time.GetElapsedTime(_begin), _failures, dropped - droppedBefore));
}
