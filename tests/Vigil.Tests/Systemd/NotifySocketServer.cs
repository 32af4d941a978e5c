using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Vigil.Tests.Systemd;

/// <summary>The service manager's side of a notification socket: takes datagrams, and the descriptors with them.</summary>
internal sealed partial class NotifySocketServer : IDisposable
{
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int HeaderSize = 16;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly string? _directory;

    private NotifySocketServer(string address, string? directory)
    {
        Address = address;
        _directory = directory;
        _socket.Bind(new UnixDomainSocketEndPoint(address[0] == '@' ? $"\0{address[1..]}" : address));
        _socket.ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds;
    }

    /// <summary>As in NOTIFY_SOCKET.</summary>
    public string Address { get; }

    public static NotifySocketServer AtPath()
    {
        string directory = Directory.CreateTempSubdirectory("vigil-").FullName;
        return new NotifySocketServer(Path.Combine(directory, "notify"), directory);
    }

    public static NotifySocketServer AtAbstractName() => new($"@vigil-{Guid.NewGuid():N}", directory: null);

    /// <summary>Another one at the same path, when this one is closed.</summary>
    public NotifySocketServer Again()
    {
        _socket.Dispose();
        File.Delete(Address);
        return new NotifySocketServer(Address, directory: null);
    }

    /// <summary>The next message, with how many descriptors it had, which are closed.</summary>
    public (string Text, int Descriptors) ReceiveWithDescriptors()
    {
        (string text, FdHandle[] descriptors) = ReceiveKeeping();
        Array.ForEach(descriptors, fd => fd.Dispose());
        return (text, descriptors.Length);
    }

    /// <summary>The next message with its descriptors, which are the caller's.</summary>
    public unsafe (string Text, FdHandle[] Descriptors) ReceiveKeeping()
    {
        Assert.True(_socket.Poll(Patience.Limit, SelectMode.SelectRead), "No message came.");
        const int MaxText = 8192;
        const int MaxControl = 2048;
        byte* text = stackalloc byte[MaxText];
        byte* control = stackalloc byte[MaxControl];
        nint* part = stackalloc nint[] { (nint)text, MaxText };
        nint* header = stackalloc nint[] { 0, 0, (nint)part, 1, (nint)control, MaxControl, 0 };
        nint length = recvmsg((int)_socket.Handle, header, MSG_CMSG_CLOEXEC);
        Assert.True(length >= 0, "recvmsg failed");
        int count = header[5] == 0 ? 0 : ((int)*(nint*)control - HeaderSize) / sizeof(int);
        var numbers = new ReadOnlySpan<int>(control + HeaderSize, count);
        return (Encoding.UTF8.GetString(text, (int)length), Array.ConvertAll(numbers.ToArray(), number => new FdHandle(number)));
    }

    /// <summary>The next message.</summary>
    public string Receive() => ReceiveWithDescriptors().Text;

    /// <summary>The next message, if one comes in time.</summary>
    public string? ReceiveWithin(TimeSpan time) => _socket.Poll(time, SelectMode.SelectRead) ? Receive() : null;

    /// <summary>Fills it, so that nobody can send any more. Returns how many messages are in it.</summary>
    public int Fill()
    {
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        int count = 0;
        try
        {
            while (true)
            {
                sender.SendTo("X_FULL=1"u8, _socket.LocalEndPoint!);
                count++;
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
            return count;
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        if (_directory is not null && Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
        else if (_directory is null && Address[0] == '/')
        {
            File.Delete(Address);
        }
    }

    [LibraryImport("libc")]
    private static unsafe partial nint recvmsg(int fd, nint* header, int flags);
}
