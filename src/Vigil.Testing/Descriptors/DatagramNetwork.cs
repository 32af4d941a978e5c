using System.Net;

namespace Vigil.Testing;

/// <summary>The sockets of datagrams by address, and what is under way between them.</summary>
internal sealed class DatagramNetwork(World world)
{
    /// <summary>The longest datagram, in bytes (<c>udp(7)</c>, over IPv4).</summary>
    public const int MaxLength = 65_507;

    // How much later a datagram may arrive that is overtaken.
    private static readonly TimeSpan LongestDetour = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<IPEndPoint, DatagramSocket> _sockets = [];

    /// <exception cref="IOException">Somebody receives there.</exception>
    public DatagramSocket Bind(IPEndPoint address, IPEndPoint? peer, SimulatedLink link)
    {
        DatagramSocket socket = new(this, address, peer, link);
        return _sockets.TryAdd(address, socket) ? socket : throw new IOException($"Somebody receives datagrams at {address}.");
    }

    public bool IsBound(IPEndPoint address) => _sockets.ContainsKey(address);

    public void Unbind(DatagramSocket socket) => _sockets.Remove(socket.Address);

    /// <summary>A datagram goes on its way, or is lost, or goes twice, as the faults of the world have it.</summary>
    public void Send(DatagramSocket sender, IPEndPoint receiver, byte[] bytes, SimulatedLink link)
    {
        if (world.Faults.Happens(FaultKinds.Loss))
        {
            return;
        }

        Dispatch(sender, receiver, bytes, link);
        if (world.Faults.Happens(FaultKinds.Duplicate))
        {
            Dispatch(sender, receiver, bytes, link);
        }
    }

    private void Dispatch(DatagramSocket sender, IPEndPoint receiver, byte[] bytes, SimulatedLink link)
    {
        TimeSpan now = world.Clock.Elapsed;
        TimeSpan arrival = now + link.DrawLatency(world.Random);
        if (world.Faults.Happens(FaultKinds.Reorder))
        {
            arrival += world.Random.Next(TimeSpan.Zero, LongestDetour);
        }
        else
        {
            arrival = arrival > sender.LastArrival ? arrival : sender.LastArrival;
            sender.LastArrival = arrival;
        }

        if (arrival <= now)
        {
            Arrive(sender, receiver, bytes);
        }
        else
        {
            world.Schedule(arrival - now, () => Arrive(sender, receiver, bytes));
        }
    }

    // Where nobody receives, the sender's machine is told (ICMP), if the sender is still there.
    private void Arrive(DatagramSocket sender, IPEndPoint receiver, byte[] bytes)
    {
        world.NoteActivity();
        if (!_sockets.TryGetValue(receiver, out DatagramSocket? socket))
        {
            sender.OnUnreachable();
            return;
        }

        bool isKept = socket.TryArrive(bytes, sender.Address);
        world.History.Add(isKept ? HistoryKind.Delivery : HistoryKind.Drop, socket.Description, bytes.Length);
    }
}
