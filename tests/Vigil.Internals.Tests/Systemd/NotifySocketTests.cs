using System.Net.Sockets;
using System.Text;
using Vigil.Interop;

namespace Vigil.Internals.Tests.Systemd;

public sealed class NotifySocketTests
{
    private const int ECONNREFUSED = 111;

    [Fact]
    public void Addresses_have_the_kernels_form()
    {
        Assert.Equal("\u0001\0/run/x\0", Encoding.Latin1.GetString(NotifyAddress.Parse("/run/x").Bytes.Span));
        Assert.Equal("\u0001\0\0x", Encoding.Latin1.GetString(NotifyAddress.Parse("@x").Bytes.Span));
        Assert.Equal(
            [40, 0, 0, 0, 0xD2, 0x04, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], NotifyAddress.Parse("vsock:2:1234").Bytes.ToArray());
        Assert.Equal([2, 5], NotifyAddress.Parse("vsock:2:1234").Types);
        Assert.Equal([2], NotifyAddress.Parse("vsock-dgram:2:1234").Types);
        Assert.Equal([5], NotifyAddress.Parse("vsock-seqpacket:2:1234").Types);
        Assert.False(NotifyAddress.Parse("vsock:2:1234").TakesDescriptors);
        Assert.Equal(110, NotifyAddress.Parse($"@{new string('a', 107)}").Bytes.Length);
        Assert.Throws<FormatException>(() => NotifyAddress.Parse($"@{new string('a', 108)}"));
        Assert.Equal(110, NotifyAddress.Parse($"/{new string('a', 106)}").Bytes.Length);
    }

    // As for vsock, whose loopback few kernels have.
    [Fact]
    public void Where_there_are_no_datagrams_each_message_has_a_connection_of_its_own()
    {
        using Socket listener = Listen(backlog: 8, out NotifyAddress address);
        using var socket = new NotifySocket(address);
        foreach (string text in new[] { "READY=1", "STOPPING=1" })
        {
            Assert.Equal(Errno.Success, socket.TrySend(Encoding.UTF8.GetBytes(text), []));
            Assert.Equal(text, ReceiveToEnd(listener));
        }

        socket.SendPastOthers("WATCHDOG=trigger"u8);
        Assert.Equal("WATCHDOG=trigger", ReceiveToEnd(listener));
    }

    [Fact]
    public void A_connection_that_cannot_be_made_yet_is_tried_again_with_the_same_message()
    {
        using Socket listener = Listen(backlog: 0, out NotifyAddress address);
        using var socket = new NotifySocket(address);
        int sent = 0;
        while (socket.TrySend("READY=1"u8, []) == Errno.Success)
        {
            Assert.True(++sent < 100, "The listener's queue has no end.");
        }

        Assert.Equal(Errno.EAGAIN, socket.TrySend("STOPPING=1"u8, []));
        Assert.Equal("READY=1", ReceiveToEnd(listener));
        Assert.Equal(Errno.Success, socket.TrySend("STOPPING=1"u8, []));
        for (int i = 1; i < sent; i++)
        {
            Assert.Equal("READY=1", ReceiveToEnd(listener));
        }

        Assert.Equal("STOPPING=1", ReceiveToEnd(listener));
    }

    [Fact]
    public void A_peer_that_is_gone_is_an_error_and_one_that_is_back_gets_the_next_message()
    {
        Socket listener = Listen(backlog: 8, out NotifyAddress address);
        using var socket = new NotifySocket(address);
        listener.Dispose();
        Assert.Equal(ECONNREFUSED, socket.TrySend("READY=1"u8, []));
        using Socket again = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        again.Bind(new UnixDomainSocketEndPoint($"\0{address.Text[1..]}"));
        again.Listen();
        Assert.Equal(Errno.Success, socket.TrySend("READY=1"u8, []));
        Assert.Equal("READY=1", ReceiveToEnd(again));
    }

    private static Socket Listen(int backlog, out NotifyAddress address)
    {
        string name = $"vigil-{Guid.NewGuid():N}";
        Socket listener = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint($"\0{name}"));
        listener.Listen(backlog);
        NotifyAddress local = NotifyAddress.Parse($"@{name}");
        address = new NotifyAddress(local.Text, local.Family, local.Bytes.ToArray(), NotifyNative.SOCK_SEQPACKET);
        return listener;
    }

    private static string ReceiveToEnd(Socket listener)
    {
        using Socket connection = listener.Accept();
        byte[] buffer = new byte[64];
        string text = Encoding.UTF8.GetString(buffer, 0, connection.Receive(buffer));
        Assert.Equal(0, connection.Receive(buffer));
        return text;
    }
}
