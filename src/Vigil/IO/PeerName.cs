using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Vigil.IO;

/// <summary>A socket address as the kernel writes it (<c>struct sockaddr</c>).</summary>
internal static class PeerName
{
    /// <summary>The size of the largest address: <c>struct sockaddr_storage</c>.</summary>
    public const int MaxSize = 128;

    private const int AF_UNIX = 1;
    private const int AF_INET = 2;
    private const int AF_INET6 = 10;

    /// <summary>The runtime's object for the address; null for another family, or a local socket without a name.</summary>
    public static EndPoint? Parse(ReadOnlySpan<byte> address)
    {
        const int PathOffset = 2;
        if (address.Length < PathOffset)
        {
            return null;
        }

        return BitConverter.ToUInt16(address) switch
        {
            AF_INET when address.Length >= 8 => new IPEndPoint(new IPAddress(address[4..8]), PortOf(address)),
            AF_INET6 when address.Length >= 28 =>
                new IPEndPoint(new IPAddress(address[8..24], BitConverter.ToUInt32(address[24..])), PortOf(address)),
            AF_UNIX => Local(address[PathOffset..]),
            _ => null,
        };
    }

    private static int PortOf(ReadOnlySpan<byte> address) => BinaryPrimitives.ReadUInt16BigEndian(address[2..]);

    // A path ends with a zero, or with the address; an abstract name begins with one (unix(7)).
    private static UnixDomainSocketEndPoint? Local(ReadOnlySpan<byte> path)
    {
        bool isAbstract = path is [0, ..];
        int end = isAbstract ? -1 : path.IndexOf((byte)0);
        ReadOnlySpan<byte> name = end < 0 ? path : path[..end];
        return name.Length > (isAbstract ? 1 : 0) ? new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(name)) : null;
    }
}
