using System.Buffers;
using System.Net.Sockets;

namespace Compare.Managed;

/// <summary>An echo server in the usual form for .NET: one task per connection.</summary>
internal static class SocketEcho
{
    private const int BufferLength = 64 * 1024;

    /// <returns>The port.</returns>
    public static int Start()
    {
        Socket listener = LoopbackListener.Create();
        _ = Task.Run(() => AcceptAsync(listener));
        return LoopbackListener.PortOf(listener);
    }

    private static async Task AcceptAsync(Socket listener)
    {
        for (; ; )
        {
            _ = EchoAsync(await listener.AcceptAsync());
        }
    }

    private static async Task EchoAsync(Socket connection)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            using (connection)
            {
                int length;
                while ((length = await connection.ReceiveAsync(buffer)) > 0)
                {
                    for (int sent = 0; sent < length;)
                    {
                        sent += await connection.SendAsync(buffer.AsMemory(sent, length - sent));
                    }
                }
            }
        }
        catch (SocketException)
        {
            // The client has closed the connection, which ends a turn.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
