using System.Globalization;
using System.Net;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>The sockets of a world by address: who listens, who receives datagrams, and the ports of clients.</summary>
internal sealed class SimulatedNetwork
{
    // The ports of clients, which are used again as by a kernel.
    private const int FirstPort = 40_000;

    private readonly World _world;
    private readonly DatagramNetwork _datagrams;
    private readonly Dictionary<IPEndPoint, Listener> _listeners = [];
    private int _nextPort = FirstPort;

    public SimulatedNetwork(World world)
    {
        _world = world;
        _datagrams = new DatagramNetwork(world);
    }

    /// <exception cref="IOException">Somebody listens there, or the limit of open descriptors is reached.</exception>
    public FdHandle Listen(IPEndPoint endpoint, int backlog)
    {
        if (_listeners.TryGetValue(endpoint, out Listener? before) && before.IsOpen)
        {
            throw new IOException($"Somebody listens on {endpoint}.");
        }

        Listener listener = new(_world, $"listener {endpoint}", backlog);
        SimulatedHandle handle = new(_world, listener);
        _listeners[endpoint] = listener;
        return handle;
    }

    /// <summary>Connects; null if that is refused.</summary>
    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public FdHandle? TryConnect(IPEndPoint endpoint, SimulatedLink link)
    {
        int port = TakePort();
        string client = string.Create(CultureInfo.InvariantCulture, $"client {port} of {endpoint}");
        (Connection near, Connection far) = Connection.CreatePair(_world, client, $"server's end of {client}", link);
        SimulatedHandle handle = new(_world, near);
        if (_listeners.TryGetValue(endpoint, out Listener? listener) && listener.TryConnect(far, new IPEndPoint(IPAddress.Loopback, port)))
        {
            return handle;
        }

        handle.Dispose();
        return null;
    }

    /// <exception cref="IOException">Somebody receives there, or the limit of open descriptors is reached.</exception>
    public FdHandle BindDatagrams(IPEndPoint endpoint, SimulatedLink link) => OpenDatagrams(endpoint, peer: null, link);

    /// <exception cref="IOException">The limit of open descriptors is reached.</exception>
    public FdHandle ConnectDatagrams(IPEndPoint endpoint, SimulatedLink link)
    {
        IPEndPoint address;
        do
        {
            address = new IPEndPoint(IPAddress.Loopback, TakePort());
        }
        while (_datagrams.IsBound(address));
        return OpenDatagrams(address, endpoint, link);
    }

    private int TakePort()
    {
        int port = _nextPort;
        _nextPort = port < IPEndPoint.MaxPort ? port + 1 : FirstPort;
        return port;
    }

    private SimulatedHandle OpenDatagrams(IPEndPoint address, IPEndPoint? peer, SimulatedLink link)
    {
        DatagramSocket socket = _datagrams.Bind(address, peer, link);
        try
        {
            return new SimulatedHandle(_world, socket);
        }
        catch
        {
            _datagrams.Unbind(socket);
            throw;
        }
    }
}
