using System.Globalization;

namespace Vigil;

/// <summary>A signal that came. Everything but its number is known only on the path of <see cref="SignalRoute.SignalFd"/>.</summary>
/// <param name="Signal">Which.</param>
public readonly record struct SignalInfo(Signal Signal)
{
    /// <summary>Why it was sent (<c>sigaction(2)</c>, si_code): 0 by <c>kill(2)</c>, −1 by <c>sigqueue(3)</c>, 128 by the kernel, and so on. Null if not known.</summary>
    public int? Code { get; init; }

    /// <summary>The process that sent it. Null if not known, or if no process did.</summary>
    public int? SenderProcessId { get; init; }

    /// <summary>The real user id of the process that sent it. Null if not known, or if no process did.</summary>
    public uint? SenderUserId { get; init; }

    /// <summary>The value that came with it (<c>sigqueue(3)</c>, POSIX timers and message queues). Null if not known, or if none did.</summary>
    public int? Value { get; init; }

    /// <summary>For logs: the signal, and what is known of its sender.</summary>
    public override string ToString()
    {
        string sender = SenderProcessId is { } process ? $" from process {process}" : "";
        string value = Value is { } number ? string.Create(CultureInfo.InvariantCulture, $", value {number}") : "";
        return $"{Signal}{sender}{value}";
    }
}
