namespace Vigil;

/// <summary>
/// A program that replays a recording did something else than the recorded one: the message names the first difference. The run throws it.
/// </summary>
public sealed class ReplayDivergedException : Exception
{
    /// <summary>Creates one.</summary>
    public ReplayDivergedException()
    {
    }

    /// <summary>Creates one.</summary>
    /// <param name="message">The first difference.</param>
    public ReplayDivergedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one.</summary>
    /// <param name="message">The first difference.</param>
    /// <param name="innerException">What it comes from.</param>
    public ReplayDivergedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
