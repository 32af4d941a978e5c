using System.Buffers;
using System.Net.Sockets;

namespace Compare.Managed;

/// <summary>An echo server as .NET users write it: a task a connection.</summary>
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
            // The other end is gone: that is how a turn ends.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
