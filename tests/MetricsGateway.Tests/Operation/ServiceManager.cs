using System.Net.Sockets;
using System.Text;
using MetricsGateway.Tests.Network;

namespace MetricsGateway.Tests.Operation;

/// <summary>The service manager's end of a notification socket.</summary>
internal sealed class ServiceManager : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gateway");
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[8192];

    public ServiceManager()
    {
        _socket.Bind(new UnixDomainSocketEndPoint(Address));
        _socket.ReceiveTimeout = Patience.Milliseconds;
    }

    public string Address => Path.Combine(_directory.FullName, "notify");

    /// <summary>What a shell does before it executes the gateway as a service.</summary>
    public string Preparation => $"export NOTIFY_SOCKET={Address}; ";

    /// <summary>The next message that is no sign of life, nor a status alone.</summary>
    public string Receive() => ReceiveUntil(text => !IsBeat(text) && !text.StartsWith("STATUS=", StringComparison.Ordinal));

    /// <summary>The next sign of life.</summary>
    public void ReceiveBeat() => ReceiveUntil(IsBeat);

    /// <summary>The next message of a kind.</summary>
    public string ReceiveUntil(Func<string, bool> isWanted)
    {
        while (true)
        {
            string text = Encoding.UTF8.GetString(_buffer, 0, _socket.Receive(_buffer));
            if (isWanted(text))
            {
                return text;
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _directory.Delete(recursive: true);
    }

    private static bool IsBeat(string text) => text is "WATCHDOG=1";
}
