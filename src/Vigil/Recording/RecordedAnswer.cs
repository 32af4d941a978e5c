using System.Text;

namespace Vigil.Recording;

/// <summary>The kernel's answer to a <see cref="RecordedQuestion"/>. Which parts it has depends on the question.</summary>
/// <param name="Number">A number.</param>
/// <param name="Errno">An errno; 0 for success.</param>
internal readonly record struct RecordedAnswer(int Number = 0, int Errno = 0)
{
    private readonly byte[]? _bytes;

    /// <summary>More of it.</summary>
    public byte[] Bytes
    {
        get => _bytes ?? [];
        init => _bytes = value;
    }

    /// <summary>What the question threw; <see cref="EventManagerError.None"/> if it was answered.</summary>
    public EventManagerError Failure { get; init; }

    /// <summary>The answer that throws an exception again.</summary>
    public static RecordedAnswer Of(EventManagerException exception) => new(exception.Fd ?? -1, exception.Errno)
    {
        Failure = exception.Error,
        Bytes = Encoding.UTF8.GetBytes(exception.Message),
    };

    /// <summary>Throws what the question threw.</summary>
    /// <exception cref="EventManagerException">It threw.</exception>
    public void ThrowIfFailed()
    {
        if (Failure != EventManagerError.None)
        {
            throw new EventManagerException(Failure, Encoding.UTF8.GetString(Bytes), Number, Errno);
        }
    }
}
