using System.Globalization;

namespace Vigil;

/// <summary>A signal that arrived. Everything but its number is known only with <see cref="SignalRoute.SignalFd"/>.</summary>
/// <param name="Signal">The signal.</param>
public readonly record struct SignalInfo(Signal Signal)
{
    /// <summary>
    /// How it was sent (<c>sigaction(2)</c>, si_code): 0 by <c>kill(2)</c>, −1 by <c>sigqueue(3)</c>, 128 by the kernel, and so on.
    /// Null if not known.
    /// </summary>
    public int? Code { get; init; }

    /// <summary>The process that sent it. Null if not known, or if no process did.</summary>
    public int? SenderProcessId { get; init; }

    /// <summary>The real user id of the process that sent it. Null if not known, or if no process did.</summary>
    public uint? SenderUserId { get; init; }

    /// <summary>
    /// The value sent with it (<c>sigqueue(3)</c>, POSIX timers and message queues). Null if not known, or if there is none.
    /// </summary>
    public int? Value { get; init; }

    /// <summary>The signal and what is known about its sender, for logs.</summary>
    public override string ToString()
    {
        string sender = SenderProcessId is { } process ? $" from process {process}" : "";
        string value = Value is { } number ? string.Create(CultureInfo.InvariantCulture, $", value {number}") : "";
        return $"{Signal}{sender}{value}";
    }
}
