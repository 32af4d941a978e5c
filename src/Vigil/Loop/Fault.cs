namespace Vigil;

/// <summary>A failure on a loop, before it becomes a report for users.</summary>
/// <param name="Origin">Where it came from.</param>
/// <param name="Exception">The exception that was thrown, or one that describes the failure.</param>
internal sealed record Fault(FaultOrigin Origin, Exception Exception)
{
    /// <summary>The owner of the callback or registration; null if there is none.</summary>
    public ICallbackOwner? Owner { get; init; }

    /// <summary>The number of the file descriptor concerned, or −1.</summary>
    public int Fd { get; init; } = -1;

    /// <summary>
    /// For a posted fault: whether a user's code threw the exception, so that the loop applies the fault policy. Otherwise it is reported
    /// under any policy, and never thrown from the run.
    /// </summary>
    public bool IsSubjectToPolicy { get; init; }

    /// <summary>Whether the owner was detached because of it.</summary>
    public bool IsDetached { get; init; }

    /// <summary>Whether the run throws the exception.</summary>
    public bool IsThrown { get; init; }

    /// <summary>At disposal: the number of closures that will never run.</summary>
    public int LostClosures { get; init; }
}
