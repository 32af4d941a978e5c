namespace Soak.Gateway;

/// <summary>Names of the counters that clients send.</summary>
internal static class Counters
{
    /// <summary>Of TCP clients that close normally.</summary>
    public const string Closed = "soak.closed";

    /// <summary>Of TCP clients that do not.</summary>
    public const string Lost = "soak.lost";

    /// <summary>Of datagrams.</summary>
    public const string Datagram = "soak.datagram";

    /// <summary>What names begin with that are there for one interval.</summary>
    public const string Passing = "soak.passing.";
}
