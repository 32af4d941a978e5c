namespace Vigil;

/// <summary>Why the service manager does not get a program's messages (<see cref="ServiceNotifier.Failed"/>).</summary>
public sealed class NotifyFailure
{
    internal NotifyFailure(string text, int errno) => (Text, Errno) = (text, errno);

    /// <summary>The kernel's error number (<c>errno(3)</c>), or 0 if the kernel was not asked.</summary>
    public int Errno { get; }

    private string Text { get; }

    /// <summary>One line for a log: the socket, the message that was lost, and the reason.</summary>
    public override string ToString() => Text;
}
