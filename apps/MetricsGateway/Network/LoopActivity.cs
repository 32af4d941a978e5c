using System.Diagnostics;

namespace MetricsGateway.Network;

/// <summary>When the last metrics arrived. Used only on the loop's thread.</summary>
internal sealed class LoopActivity
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lastMessage;

    public LoopActivity()
    {
        _lastMessage = _start;
    }

    public TimeSpan Uptime => Stopwatch.GetElapsedTime(_start);

    public TimeSpan SinceLastMessage => Stopwatch.GetElapsedTime(_lastMessage);

    public void OnMessage() => _lastMessage = Stopwatch.GetTimestamp();
}
