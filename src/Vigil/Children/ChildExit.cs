using System.Globalization;

namespace Vigil;

/// <summary>How a process ended. Both are null if that cannot be known: only a process's parent is notified.</summary>
/// <param name="ExitCode">Its exit code, 0 to 255; null if a signal ended it.</param>
/// <param name="Signal">The signal that ended it; null if it exited.</param>
public readonly record struct ChildExit(int? ExitCode, Signal? Signal)
{
    /// <summary>Whether it exited with code 0.</summary>
    public bool IsSuccess => ExitCode == 0;

    /// <summary>For logs.</summary>
    public override string ToString() => (ExitCode, Signal) switch
    {
        ({ } code, _) => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        (_, { } signal) => $"ended by {signal}",
        _ => "ended",
    };
}
