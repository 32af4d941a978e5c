namespace MetricsGateway.GraphiteSending;

/// <summary>
/// How long to wait before the next try: twice as long each time, up to a limit, and each time a random part of that from half of it on,
/// so that many gateways do not come back to a server in the same moment.
/// </summary>
internal sealed class RetryDelay(Random random)
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private TimeSpan _next = First;

    public TimeSpan Next()
    {
        TimeSpan delay = _next;
        _next = delay * 2 < Longest ? delay * 2 : Longest;
        return delay * (0.5 + (random.NextDouble() / 2));
    }

    public void Reset() => _next = First;
}
