namespace MetricsGateway.GraphiteSending;

/// <summary>
/// The delay before the next attempt: twice as long each time, up to a limit, and then reduced by a random part of up to half, so that
/// many gateways do not return to a server at the same moment.
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
