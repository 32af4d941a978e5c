using Vigil.Interop;
using Vigil.IO;

namespace Vigil;

/// <summary>
/// The program's end of the service manager's socket: non-blocking and close-on-exec. One call at a time, except
/// <see cref="SendPastOthers"/>.
/// </summary>
/// <remarks>
/// <para>A datagram socket is created once and stays open. It is not connected: each message is sent to the address, so that a service
/// manager that has bound its path again gets the next one.</para>
/// <para>A sequenced-packet socket, for <c>vsock</c> where the host has no datagrams, makes a connection for each message and closes it, as
/// <c>sd_notify(3)</c> does: its readers read up to the end. While it connects, which it does without waiting, sending says EAGAIN; the
/// caller tries the same message again.</para>
/// </remarks>
internal sealed class NotifySocket : IDisposable
{
    // How often, and after how many milliseconds, a message is tried that cannot wait for a later turn.
    private const int UrgentTries = 100;
    private const int UrgentPause = 1;

    private readonly NotifyAddress _address;
    private readonly int _type;

    // The datagram socket; or the connection that is being made, null between two messages.
    private FdHandle? _socket;
    private bool _isConnected;

    /// <exception cref="EventManagerException">The kernel refused; nothing is left open.</exception>
    public NotifySocket(NotifyAddress address)
    {
        _address = address;
        int errno = Errno.Success;
        foreach (int type in address.Types)
        {
            _socket = Open(type, out errno);
            _type = type;
            if (!IsUnsupported(errno))
            {
                break;
            }
        }

        if (_socket is null)
        {
            throw FdHandle.Failed($"socket(2) for {address.Text}", errno);
        }

        if (IsConnecting)
        {
            CloseConnection();
        }
    }

    private NotifySocket(NotifyAddress address, int type) => (_address, _type) = (address, type);

    private bool IsConnecting => _type != NotifyNative.SOCK_DGRAM;

    /// <summary>Sends a message, with descriptors if the address takes them. Returns an errno.</summary>
    public int TrySend(ReadOnlySpan<byte> text, ReadOnlySpan<int> descriptors)
    {
        if (!IsConnecting)
        {
            return NotifyNative.Send(_socket!.Number, _address.Bytes.Span, text, descriptors);
        }

        int errno = Connect();
        if (errno == Errno.Success)
        {
            errno = NotifyNative.Send(_socket!.Number, [], text, descriptors);
        }

        if (errno != Errno.EAGAIN)
        {
            CloseConnection();
        }

        return errno;
    }

    /// <summary>
    /// Sends a message whatever other threads are doing, since they may hang in a call, and tries for a tenth of a second. For the last
    /// message of a program that aborts itself.
    /// </summary>
    public void SendPastOthers(ReadOnlySpan<byte> text)
    {
        NotifySocket own = IsConnecting ? new NotifySocket(_address, _type) : this;
        for (int tries = 0; tries < UrgentTries && IsTransient(own.TrySend(text, [])); tries++)
        {
            PollNative.Sleep(UrgentPause);
        }

        if (own != this)
        {
            own.Dispose();
        }
    }

    public void Dispose() => _socket?.Dispose();

    /// <summary>Whether the same message may be taken later: the socket is full, or the kernel has no memory now.</summary>
    public static bool IsTransient(int errno) =>
        errno is Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM or Errno.ETOOMANYREFS;

    private static bool IsUnsupported(int errno) =>
        errno is Errno.ENODEV or Errno.EPROTONOSUPPORT or Errno.ESOCKTNOSUPPORT or Errno.EAFNOSUPPORT;

    private FdHandle? Open(int type, out int errno)
    {
        int fd = NotifyNative.Open(_address.Family, type, out errno);
        return errno == Errno.Success ? new FdHandle(fd) { IsNonBlocking = true } : null;
    }

    // EAGAIN: not yet.
    private int Connect()
    {
        int errno = Errno.Success;
        if (_socket is null)
        {
            _socket = Open(_type, out errno);
            errno = errno == Errno.Success ? NotifyNative.Connect(_socket!.Number, _address.Bytes.Span) : errno;
            _isConnected = errno == Errno.Success;
            if (errno == Errno.EAGAIN)
            {
                // A local socket whose peer has too many connections waiting: it has not begun to connect.
                CloseConnection();
            }
        }
        else if (!_isConnected && PollNative.IsWritable(_socket.Number))
        {
            errno = NotifyNative.TakeError(_socket.Number);
            _isConnected = errno == Errno.Success;
        }

        return errno == Errno.EINPROGRESS || (errno == Errno.Success && !_isConnected) ? Errno.EAGAIN : errno;
    }

    private void CloseConnection()
    {
        _socket?.Dispose();
        _socket = null;
        _isConnected = false;
    }
}
