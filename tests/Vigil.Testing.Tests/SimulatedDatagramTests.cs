using System.Globalization;
using System.Net;
using System.Text;
using Vigil.IO;

namespace Vigil.Testing.Tests;

/// <summary>Datagrams of a world: whole, bounded, and lost, doubled or overtaken only where that is allowed.</summary>
public sealed class SimulatedDatagramTests
{
    private const int ECONNREFUSED = 111;
    private const int EMSGSIZE = 90;
    private const int EDESTADDRREQ = 89;

    private static readonly IPEndPoint Port = new(IPAddress.Loopback, 8125);
    private static readonly SimulationOptions Few = new() { Runs = 50 };

    [Fact]
    public void A_loop_takes_datagrams_in_batches_with_their_senders_and_in_order() => Simulation.Run(
        world =>
        {
            EventManager manager = world.CreateLoop("receiver").Manager;
            FdHandle socket = world.BindDatagrams(Port);
            List<string> texts = Receive(manager, socket, new DatagramBatch(4, 64), out List<EndPoint?> senders);
            FdHandle sender = world.ConnectDatagrams(
                Port, SimulatedLink.WithLatency(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(50)));
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(1, NonBlocking.TryWrite(sender, Text(i)).Count);
            }

            Assert.Equal(0, NonBlocking.TryWrite(sender, []).Count);
            world.Advance(TimeSpan.FromSeconds(1));

            Assert.Equal([.. Enumerable.Range(0, 10).Select(Number), ""], texts);
            Assert.Equal([new IPEndPoint(IPAddress.Loopback, 40_000)], senders.Distinct());
            sender.Dispose();
            socket.Dispose();
        },
        Few);

    [Fact]
    public void What_finds_no_room_is_lost_and_a_read_takes_one_datagram() => Simulation.Run(
        world =>
        {
            FdHandle socket = world.BindDatagrams(Port, capacity: 10);
            FdHandle sender = world.ConnectDatagrams(Port);
            NonBlocking.TryWrite(sender, "123456"u8);
            NonBlocking.TryWrite(sender, "12345"u8);
            NonBlocking.TryWrite(sender, "abcd"u8);
            byte[] buffer = new byte[4];

            Assert.Equal(4, NonBlocking.TryRead(socket, buffer).Count);
            Assert.Equal(4, NonBlocking.TryRead(socket, buffer).Count);
            Assert.Equal("abcd", Encoding.ASCII.GetString(buffer));
            Assert.True(NonBlocking.TryRead(socket, buffer).WouldBlock);
            Assert.Equal(EMSGSIZE, NonBlocking.TryWrite(sender, new byte[65_508]).Errno);
            Assert.Equal(EDESTADDRREQ, NonBlocking.TryWrite(socket, "x"u8).Errno);
            Assert.Throws<IOException>(() => world.BindDatagrams(Port));
            sender.Dispose();
            socket.Dispose();
            world.BindDatagrams(Port).Dispose();
        },
        Few);

    [Fact]
    public void A_sender_whom_nobody_hears_is_told_by_its_next_call() => Simulation.Run(
        world =>
        {
            FdHandle sender = world.ConnectDatagrams(Port);

            Assert.Equal(1, NonBlocking.TryWrite(sender, "x"u8).Count);
            Assert.Equal(ECONNREFUSED, NonBlocking.TryWrite(sender, "x"u8).Errno);
            using FdHandle socket = world.BindDatagrams(Port);
            Assert.Equal(1, NonBlocking.TryWrite(sender, "x"u8).Count);
            Assert.Equal(1, NonBlocking.TryRead(socket, new byte[4]).Count);
            sender.Dispose();
        },
        Few);

    [Fact]
    public void Datagrams_are_lost_doubled_and_overtaken_if_that_is_allowed_and_never_cut()
    {
        int lost = 0;
        int doubled = 0;
        int overtaken = 0;
        Simulation.Run(
            world =>
            {
                world.Faults.Allow(
                    FaultKinds.Loss | FaultKinds.Duplicate | FaultKinds.Reorder | FaultKinds.ShortRead | FaultKinds.ShortWrite);
                world.Faults.Rarity = 4;
                EventManager manager = world.CreateLoop("receiver").Manager;
                FdHandle socket = world.BindDatagrams(Port);
                List<string> texts = Receive(manager, socket, new DatagramBatch(8, 64), out _);
                FdHandle sender = world.ConnectDatagrams(Port);
                for (int i = 100; i < 200; i++)
                {
                    Assert.Equal(3, NonBlocking.TryWrite(sender, Text(i)).Count);
                    world.Advance(TimeSpan.FromMilliseconds(1));
                }

                world.Advance(TimeSpan.FromSeconds(1));
                Assert.All(texts, text => Assert.Equal(3, text.Length));
                lost += 100 - texts.Distinct().Count();
                doubled += texts.Count - texts.Distinct().Count();
                overtaken += texts.Zip(texts.Skip(1)).Count(pair => string.CompareOrdinal(pair.First, pair.Second) > 0);
                world.Assert(world.Faults.Active != FaultKinds.None || texts.Count == 100, "lost without a fault");
                sender.Dispose();
                socket.Dispose();
            },
            Few);

        Assert.True(lost > 100 && doubled > 100 && overtaken > 100, $"{lost} lost, {doubled} doubled, {overtaken} overtaken");
    }

    private static List<string> Receive(EventManager manager, FdHandle socket, DatagramBatch batch, out List<EndPoint?> senders)
    {
        List<string> texts = [];
        List<EndPoint?> from = [];
        manager.CreateSocketEvent(socket, EventSet.In, (_, _) =>
        {
            batch.TryReceive(socket);
            for (int i = 0; i < batch.Count; i++)
            {
                texts.Add(Encoding.ASCII.GetString(batch[i]));
                from.Add(batch.GetSender(i));
                Assert.False(batch.IsTruncated(i));
            }
        });
        senders = from;
        return texts;
    }

    private static byte[] Text(int number) => Encoding.ASCII.GetBytes(Number(number));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
