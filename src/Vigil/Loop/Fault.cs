namespace Vigil;

/// <summary>Something that went wrong on a loop, before it becomes a report for users.</summary>
/// <param name="Origin">Where it came from.</param>
/// <param name="Exception">What was thrown, or says what happened.</param>
internal sealed record Fault(FaultOrigin Origin, Exception Exception)
{
    /// <summary>Whose it is; null where nobody's.</summary>
    public ICallbackOwner? Owner { get; init; }

    /// <summary>The number of the file descriptor concerned, or −1.</summary>
    public int Fd { get; init; } = -1;

    /// <summary>Whether the owner was detached because of it.</summary>
    public bool IsDetached { get; init; }

    /// <summary>Whether the run throws the exception.</summary>
    public bool IsThrown { get; init; }

    /// <summary>At disposal: how many closures will never run.</summary>
    public int LostClosures { get; init; }
}
