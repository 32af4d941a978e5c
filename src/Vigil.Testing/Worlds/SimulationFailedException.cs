namespace Vigil.Testing;

/// <summary>A simulated run has failed. The message says how, who waited for what, and how to repeat it.</summary>
public sealed class SimulationFailedException : Exception
{
    /// <summary>Creates an exception.</summary>
    public SimulationFailedException()
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What has failed.</param>
    public SimulationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception.</summary>
    /// <param name="message">What has failed.</param>
    /// <param name="innerException">What the program has thrown.</param>
    public SimulationFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The seed that repeats it.</summary>
    public ulong Seed { get; init; }

    /// <summary>The faults without which it does not happen.</summary>
    public FaultKinds Faults { get; init; }
}
