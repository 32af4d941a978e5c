using System.Net.Sockets;
using Vigil;
using Vigil.IO;

namespace Compare.Managed;

/// <summary>
/// An echo server on readiness: it reads, writes at once, and waits for room only if the kernel had none, without reading meanwhile. It
/// reads again in the same turn only if the buffer came full.
/// </summary>
internal sealed class VigilEcho
{
    private const int BufferLength = 64 * 1024;

    // A full buffer is usually followed by more data, which is still in the cache. But other connections wait.
    private const int ReadsPerTurn = 4;

    private readonly Socket _listener;

    // One buffer for all connections: data is written before the next read.
    private readonly byte[] _buffer = new byte[BufferLength];

    private readonly EventManagerOptions _options;

    private VigilEcho(Socket listener, EventManagerOptions options)
    {
        _listener = listener;
        _options = options;
    }

    /// <summary>Serves on a thread of its own.</summary>
    /// <param name="options">The loop's options.</param>
    /// <returns>The port.</returns>
    public static int Start(EventManagerOptions options)
    {
        Socket listener = LoopbackListener.Create();
        listener.Blocking = false;
        new Thread(() => new VigilEcho(listener, options).Run()) { IsBackground = true }.Start();
        return LoopbackListener.PortOf(listener);
    }

    private void Run()
    {
        using var manager = new EventManager(_options);
        manager.CreateSocketEvent(_listener, EventSet.In, AcceptAll);
        manager.Run();
    }

    private void AcceptAll(SocketEvent listener, EventSet ready)
    {
        for (; ; )
        {
            IOResult accepted = NonBlocking.TryAccept(listener.Fd, out FdHandle? handle);
            if (handle is null)
            {
                accepted.ThrowIfFailed("accept4");
                return;
            }

            var connection = new Connection(handle, _buffer);
            listener.Manager.CreateSocketEvent(handle, EventSet.In, connection.Serve);
        }
    }

    private sealed class Connection(FdHandle handle, byte[] buffer)
    {
        private byte[] _left = [];
        private int _offset;

        public void Serve(SocketEvent source, EventSet ready)
        {
            if (_offset < _left.Length)
            {
                WriteRest(source);
            }
            else
            {
                Echo(source);
            }
        }

        private void Echo(SocketEvent source)
        {
            int read = buffer.Length;
            for (int reads = 0; reads < ReadsPerTurn && read == buffer.Length && _left.Length == 0; reads++)
            {
                read = Answer(source);
            }
        }

        // Handles one read. Returns the number of bytes, 0 if there were none or the connection has ended.
        private int Answer(SocketEvent source)
        {
            IOResult read = NonBlocking.TryRead(source.Fd, buffer);
            if (read.WouldBlock)
            {
                return 0;
            }

            if (!read.IsSuccess || read.IsEndOfStream)
            {
                Close(source);
                return 0;
            }

            IOResult written = NonBlocking.TryWrite(source.Fd, buffer.AsSpan(0, read.Count));
            if (written.IsFailure)
            {
                Close(source);
                return 0;
            }

            if (written.Count < read.Count)
            {
                _left = buffer.AsSpan(written.Count, read.Count - written.Count).ToArray();
                _offset = 0;
                source.Modify(EventSet.Out);
            }

            return read.Count;
        }

        private void WriteRest(SocketEvent source)
        {
            IOResult written = NonBlocking.TryWrite(source.Fd, _left.AsSpan(_offset));
            if (written.IsFailure)
            {
                Close(source);
                return;
            }

            _offset += written.Count;
            if (_offset == _left.Length)
            {
                _left = [];
                _offset = 0;
                source.Modify(EventSet.In);
            }
        }

        private void Close(SocketEvent source)
        {
            source.Cancel();
            handle.Dispose();
        }
    }
}
