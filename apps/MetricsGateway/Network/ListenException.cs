using System.Net.Sockets;

namespace MetricsGateway.Network;

/// <summary>A listener could not be set up. The message says which option asked for it, where, and why not.</summary>
internal sealed class ListenException(string option, string place, string reason, Exception? innerException = null)
    : Exception($"cannot listen on {place} (--{option}): {reason}", innerException)
{
    /// <summary>Whether another socket has the address.</summary>
    public bool IsAddressInUse => InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse };

    /// <summary>Whether this machine does not have the address.</summary>
    public bool IsAddressUnknown => InnerException is SocketException
    {
        SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported,
    };
}
