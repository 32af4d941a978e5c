namespace Vigil.IO;

/// <summary>What a read of an <see cref="EventFd"/> takes.</summary>
public enum EventFdMode
{
    /// <summary>Everything: the counter is zero afterwards.</summary>
    Counter = 0,

    /// <summary>1 (<c>EFD_SEMAPHORE</c>).</summary>
    Semaphore = 1,
}
