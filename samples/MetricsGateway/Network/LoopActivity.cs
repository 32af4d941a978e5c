using System.Diagnostics;

namespace MetricsGateway.Network;

/// <summary>How often the loop turned and was called, and when metrics came last. Kept by the loop's thread alone.</summary>
internal sealed class LoopActivity
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lastMessage;

    public LoopActivity()
    {
        _lastMessage = _start;
    }

    public long Turns { get; private set; }

    /// <summary>Calls of subscribers: of the gateway's own sockets, that is.</summary>
    public long Events { get; private set; }

    public TimeSpan Uptime => Stopwatch.GetElapsedTime(_start);

    public TimeSpan SinceLastMessage => Stopwatch.GetElapsedTime(_lastMessage);

    public void OnTurn() => Turns++;

    public void OnEvent() => Events++;

    public void OnMessage() => _lastMessage = Stopwatch.GetTimestamp();
}
