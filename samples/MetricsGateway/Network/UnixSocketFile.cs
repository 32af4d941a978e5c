using System.Net.Sockets;

namespace MetricsGateway.Network;

/// <summary>The file that a Unix socket leaves behind when its process is killed, and that keeps the next one from binding.</summary>
internal static class UnixSocketFile
{
    // open(2): "The file is a UNIX domain socket." The framework passes on the number of an error that it has no exception for.
    private const int NoSuchDeviceOrAddress = 6;

    /// <summary>Deletes a socket that nobody listens on. Everything else stays, and binding then says that the address is in use.</summary>
    public static void DeleteIfStale(string path)
    {
        if (IsSocket(path) && !IsInUse(path))
        {
            File.Delete(path);
        }
    }

    private static bool IsSocket(string path)
    {
        // Nothing but an empty plain file looks like a socket from here, so nothing else is opened.
        FileInfo file = new(path);
        if (!file.Exists || file.LinkTarget is not null || file.Length > 0)
        {
            return false;
        }

        try
        {
            // For reading and writing, because that does not wait where the file is a pipe.
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (IOException exception)
        {
            return exception.HResult == NoSuchDeviceOrAddress;
        }
        catch (UnauthorizedAccessException)
        {
            // Somebody else's.
            return false;
        }
    }

    private static bool IsInUse(string path)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
