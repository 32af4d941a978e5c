using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using MetricsGateway.Configuration;
using MetricsGateway.Interop;

namespace MetricsGateway.Network;

/// <summary>
/// The file that binding a Unix socket creates. It is deleted at the end if it is still the same file: if another program has moved it
/// away and put its own there, that one stays.
/// </summary>
internal sealed class UnixSocketFile : IDisposable
{
    private readonly string _path;
    private readonly FileIdentity? _identity;
    private bool _isDisposed;

    private UnixSocketFile(string path, FileIdentity? identity)
    {
        _path = path;
        _identity = identity;
    }

    /// <summary>
    /// Binds a socket. A socket file that a killed process left behind is replaced; anything else at that path stays, and is an error.
    /// </summary>
    /// <param name="option">The listener's option.</param>
    /// <param name="socket">A Unix socket.</param>
    /// <param name="path">The path of its file.</param>
    /// <param name="mode">The permissions of the file: write permission is permission to send.</param>
    /// <exception cref="ListenException">The path is not available.</exception>
    public static UnixSocketFile Bind(string option, Socket socket, string path, UnixFileMode mode)
    {
        string directory = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        if (!Directory.Exists(directory))
        {
            throw new ListenException(option, path, $"there is no directory {directory}");
        }

        DeleteIfStale(option, path);

        // Not by the framework, whose sockets delete the file at their path when they are disposed, whoever owns it by then.
        byte[] address = new byte[sizeof(ushort) + Encoding.UTF8.GetByteCount(path) + 1];
        MemoryMarshal.Write(address, FileNative.UnixFamily);
        Encoding.UTF8.GetBytes(path, address.AsSpan(sizeof(ushort)));
        int error = FileNative.Bind(socket.SafeHandle, address);
        if (error != 0)
        {
            throw new ListenException(option, path, Marshal.GetPInvokeErrorMessage(error));
        }

        UnixSocketFile file = new(path, FileNative.Identify(path));
        try
        {
            // Until here the umask applied, which in practice is no more permissive: nobody could send too early.
            File.SetUnixFileMode(path, mode);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw new ListenException(
                option,
                path,
                $"its mode cannot be set (--{OptionTable.UnixSocketMode}): {exception.Message}",
                exception);
        }
    }

    /// <summary>Sets the permissions.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The file belongs to another user.</exception>
    public void SetMode(UnixFileMode mode)
    {
        if (IsOurs())
        {
            File.SetUnixFileMode(_path, mode);
        }
    }

    public void Dispose()
    {
        if (!_isDisposed && IsOurs())
        {
            try
            {
                File.Delete(_path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The directory may be read-only by now. The next gateway replaces the file, if it can.
            }
        }

        _isDisposed = true;
    }

    /// <summary>Deletes a socket that nobody listens on. Anything else stays, and binding then reports that the address is in
    /// use.</summary>
    private static void DeleteIfStale(string option, string path)
    {
        try
        {
            if (FileNative.Identify(path) is { IsSocket: true } && !IsInUse(path))
            {
                File.Delete(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ListenException(
                option,
                path,
                $"the socket that a killed process has left there cannot be deleted: {exception.Message}",
                exception);
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

    private bool IsOurs() => _identity is { } ours && FileNative.Identify(_path) is { } there && there.IsSame(ours);
}
