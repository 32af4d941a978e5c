using System.Text;
using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>A message that waits to be sent, with duplicates of the descriptors that go with it.</summary>
/// <param name="text">Assignments, one a line.</param>
/// <param name="status">The status that is among them; null if none is.</param>
/// <param name="descriptors">Owned by the message.</param>
internal sealed class NotifyMessage(byte[] text, string? status, params FdHandle[] descriptors) : IDisposable
{
    /// <summary>How long a message may be: the service manager ignores what is longer (NOTIFY_BUFFER_MAX, which is PIPE_BUF).</summary>
    public const int MaxBytes = 4096;

    /// <summary>The watchdog's beat.</summary>
    public static readonly byte[] Beat = Encode("WATCHDOG=1");

    /// <summary>The watchdog's cry.</summary>
    public static readonly byte[] Trigger = Encode("WATCHDOG=trigger");

    private readonly int[] _numbers = Array.ConvertAll(descriptors, fd => fd.Number);

    public ReadOnlySpan<byte> Text => text;

    public string? Status => status;

    public ReadOnlySpan<int> Numbers => _numbers;

    /// <summary>Called when it was sent, before its descriptors are closed. Under the channel's lock.</summary>
    public Action? OnSent { get; init; }

    /// <summary>The first line, for messages about it.</summary>
    public string Name => NameOf(text);

    public static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text);

    public static string NameOf(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)'\n');
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    /// <summary>Duplicates descriptors.</summary>
    /// <exception cref="EventManagerException">One is not open, or no descriptor is left; none is left duplicated.</exception>
    public static FdHandle[] Duplicate(ReadOnlySpan<FileDescriptor> descriptors)
    {
        var copies = new FdHandle[descriptors.Length];
        for (int i = 0; i < copies.Length; i++)
        {
            using var borrowed = new BorrowedDescriptor(descriptors[i]);
            int copy = FileNative.Duplicate(borrowed.Number, out int errno);
            if (errno != Errno.Success)
            {
                Array.ForEach(copies[..i], fd => fd.Dispose());
                throw errno == Errno.EBADF
                    ? new EventManagerException(
                        EventManagerError.InvalidDescriptor,
                        $"fd {descriptors[i]} is not open, so it cannot be sent to the service manager.",
                        descriptors[i].Number,
                        errno)
                    : FdHandle.Failed("fcntl(F_DUPFD_CLOEXEC)", errno);
            }

            copies[i] = new FdHandle(copy);
        }

        return copies;
    }

    public void Dispose() => Array.ForEach(descriptors, fd => fd.Dispose());
}
