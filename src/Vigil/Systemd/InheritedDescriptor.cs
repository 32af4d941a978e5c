using System.Net;
using System.Net.Sockets;
using Vigil.IO;

namespace Vigil;

/// <summary>A descriptor that the service manager has passed to the program.</summary>
public sealed class InheritedDescriptor
{
    private readonly FdHandle _handle;
    private readonly FileIdentity _identity;
    private int _isTaken;

    internal InheritedDescriptor(FdHandle handle, string name, FileIdentity identity)
    {
        _handle = handle;
        _identity = identity;
        Number = handle.Number;
        Name = name;
    }

    /// <summary>Its number.</summary>
    public int Number { get; }

    /// <summary>
    /// Its name: that of its socket unit (<c>FileDescriptorName=</c>), or the one that it was stored under
    /// (<c>ServiceNotifier.StoreDescriptors</c>). "unknown" if nobody has given it one, "stored" if it was stored without one.
    /// </summary>
    public string Name { get; }

    /// <summary>The socket's type (SO_TYPE); null if it is no socket, but a FIFO, a device, or another file.</summary>
    public SocketType? SocketType => _identity.SocketType;

    /// <summary>Whether it is a socket that accepts connections (SO_ACCEPTCONN).</summary>
    public bool IsListening => _identity.IsListening;

    /// <summary>
    /// The address that the socket is bound to (<c>getsockname(2)</c>); null if it is no socket, has no name, or is of a family that the
    /// runtime has no class for (netlink, vsock).
    /// </summary>
    public EndPoint? LocalEndPoint => _identity.LocalEndPoint;

    /// <summary>Whether somebody has taken it, or it was closed with <see cref="InheritedDescriptors"/>.</summary>
    public bool IsTaken => Volatile.Read(ref _isTaken) != 0;

    /// <summary>Takes it. The caller owns it, and closes it. Its mode, blocking or not, is as it was passed.</summary>
    /// <exception cref="InvalidOperationException">It is taken already.</exception>
    public FdHandle Take() => TryClaim()
        ? _handle
        : throw new InvalidOperationException($"The inherited descriptor {this} is taken already, or closed.");

    /// <summary>Takes it as a socket, in non-blocking mode. The caller owns it, and closes it.</summary>
    /// <exception cref="InvalidOperationException">It is taken already, or is no socket.</exception>
    /// <exception cref="SocketException">The runtime cannot use it, for instance because it knows nothing of its family; the descriptor
    /// is not taken then.</exception>
    public Socket TakeSocket()
    {
        if (SocketType is null)
        {
            throw new InvalidOperationException($"The inherited descriptor {this} is no socket.");
        }

        FdHandle handle = Take();
        var owner = new SafeSocketHandle(Number, ownsHandle: true);
        try
        {
            var socket = new Socket(owner) { Blocking = false };
            handle.SetHandleAsInvalid();
            return socket;
        }
        catch
        {
            owner.SetHandleAsInvalid();
            Volatile.Write(ref _isTaken, 0);
            throw;
        }
    }

    /// <summary>One line for a log: number, name, kind and address.</summary>
    public override string ToString()
    {
        string kind = SocketType is { } type ? $"{(IsListening ? "listening " : "")}{type} socket" : "no socket";
        return $"fd {Number} \"{Name}\" ({kind}{(LocalEndPoint is null ? "" : $" at {LocalEndPoint}")})";
    }

    /// <summary>Closes it unless it is taken.</summary>
    internal void CloseUnlessTaken()
    {
        if (TryClaim())
        {
            _handle.Dispose();
        }
    }

    private bool TryClaim() => Interlocked.Exchange(ref _isTaken, 1) == 0;
}

/// <summary>What a descriptor is.</summary>
/// <param name="SocketType">The socket's type; null if it is no socket.</param>
/// <param name="IsListening">Whether it accepts connections.</param>
/// <param name="LocalEndPoint">The address that it is bound to.</param>
internal readonly record struct FileIdentity(SocketType? SocketType, bool IsListening, EndPoint? LocalEndPoint);
