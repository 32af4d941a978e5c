namespace Vigil.Testing;

/// <summary>How bytes travel between two simulated descriptors. The default is a link without latency that holds 64 KiB each way.</summary>
public sealed record SimulatedLink
{
    /// <summary>The bytes that each direction holds, under way and unread; 1 or more. Default: 65,536.</summary>
    public int Capacity
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 65_536;

    /// <summary>The shortest time under way; zero or more. Default: zero.</summary>
    public TimeSpan ShortestLatency
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    }

    /// <summary>The longest time under way, not below the shortest. What is sent later never arrives earlier. Default: zero.</summary>
    public TimeSpan LongestLatency
    {
        get => field > ShortestLatency ? field : ShortestLatency;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    }

    /// <summary>Draws a time under way.</summary>
    internal TimeSpan DrawLatency(WorldRandom random) =>
        LongestLatency == TimeSpan.Zero ? TimeSpan.Zero : random.Next(ShortestLatency, LongestLatency);

    /// <summary>A link with a latency in a range.</summary>
    /// <param name="shortest">The shortest.</param>
    /// <param name="longest">The longest.</param>
    /// <returns>The link.</returns>
    public static SimulatedLink WithLatency(TimeSpan shortest, TimeSpan longest) =>
        new() { ShortestLatency = shortest, LongestLatency = longest };
}
