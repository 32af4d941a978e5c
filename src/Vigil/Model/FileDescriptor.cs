using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Vigil;

/// <summary>
/// Names an open file: by a <see cref="SafeHandle"/>, by a <see cref="Socket"/>, or by a raw number.
/// It owns nothing and keeps nothing open.
/// </summary>
/// <remarks>
/// Prefer handles. Their identity is the handle object, so a number that the kernel has reused is never
/// mistaken for the old file, and a closed handle is noticed before anything is delivered to its owner.
/// With a raw number that is the caller's responsibility: remove it before closing it.
/// <c>default</c> names nothing and is refused by every operation.
/// </remarks>
public readonly struct FileDescriptor : IEquatable<FileDescriptor>
{
    // The complement, so that default(FileDescriptor) is −1 and not standard input.
    private readonly int _complement;

    /// <summary>Names the file behind a handle.</summary>
    /// <param name="handle">The handle. It may be closed: a closed handle can still be removed.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handle"/> is null.</exception>
    public FileDescriptor(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        Handle = handle;
        _complement = ~(int)handle.DangerousGetHandle();
    }

    /// <summary>Names the file behind a socket.</summary>
    /// <param name="socket">The socket. Only its <see cref="Socket.SafeHandle"/> matters from then on.</param>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    public FileDescriptor(Socket socket)
        : this(socket is null ? throw new ArgumentNullException(nameof(socket)) : socket.SafeHandle)
    {
    }

    /// <summary>Names a file by its raw number.</summary>
    /// <param name="number">The number, zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is negative.</exception>
    public FileDescriptor(int number)
    {
        if (number < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(number), number, "A file descriptor is zero or more; a negative number is what a failed call returns.");
        }

        _complement = ~number;
    }

    internal FileDescriptor(SafeHandle? handle, int number)
    {
        Handle = handle;
        _complement = ~number;
    }

    /// <summary>The number, or −1 if this names nothing.</summary>
    public int Number => ~_complement;

    /// <summary>The handle, or null if the file was named by number.</summary>
    public SafeHandle? Handle { get; }

    /// <summary>Whether the handle by which the file was named is closed. Always false for a raw number, where it is unknown.</summary>
    public bool IsClosed => Handle is { IsClosed: true };

    /// <summary>Names the file behind a handle.</summary>
    /// <param name="handle">The handle.</param>
    public static implicit operator FileDescriptor(SafeHandle handle) => new(handle);

    /// <summary>Names the file behind a socket.</summary>
    /// <param name="socket">The socket.</param>
    public static implicit operator FileDescriptor(Socket socket) => new(socket);

    /// <summary>Names a file by its raw number.</summary>
    /// <param name="number">The number, zero or more.</param>
    public static implicit operator FileDescriptor(int number) => new(number);

    /// <summary>Names the file that was registered or is ready.</summary>
    /// <param name="events">What was registered or delivered.</param>
    public static implicit operator FileDescriptor(Events events) => events.Fd;

    /// <summary>Whether both name the same number through the same handle object.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(FileDescriptor left, FileDescriptor right) => left.Equals(right);

    /// <summary>Whether they differ in number or handle object.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(FileDescriptor left, FileDescriptor right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(FileDescriptor other) => Number == other.Number && ReferenceEquals(Handle, other.Handle);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FileDescriptor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Number;

    /// <summary>The number, and the kind of handle if there is one.</summary>
    public override string ToString()
    {
        string number = Number.ToString(CultureInfo.InvariantCulture);
        return Handle is null ? number : $"{number} ({Handle.GetType().Name}{(Handle.IsClosed ? ", closed" : "")})";
    }
}
