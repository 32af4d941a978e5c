using System.Net;

namespace MetricsGateway.GraphiteSending;

/// <summary>
/// An outage, during which not everything could be sent. Its cause is reported once, and its end once. It begins when the server cannot be
/// reached or lines are dropped. It ends when a flush was sent as a whole, nothing waits, and the connection has lasted for a while: a
/// server that only accepts and closes connections is one outage, not many.
/// </summary>
/// <param name="endpoint">The server.</param>
/// <param name="time">Measures how long it lasts.</param>
/// <param name="errors">Receives the reports.</param>
/// <param name="droppedBefore">The number of lines that had been dropped before it began.</param>
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

    /// <param name="dropped">The number of lines dropped so far, including those before it began.</param>
    public void OnRecovered(long dropped) =>
        errors.Write(ConsoleText.GraphiteRecovered(endpoint, time.GetElapsedTime(_begin), _failures, dropped - droppedBefore));
}
