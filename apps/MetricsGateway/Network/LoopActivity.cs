using System.Diagnostics;

namespace MetricsGateway.Network;

/// <summary>When metrics came last. Kept by the loop's thread alone.</summary>
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
