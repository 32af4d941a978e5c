using System.Net.Sockets;
using Vigil;
using Vigil.IO;

namespace Compare.Managed;

/// <summary>
/// An echo server on readiness: read, write at once, and wait for room only where the kernel had none, without reading on
/// meanwhile. Another read in the same turn only where the buffer came full.
/// </summary>
internal sealed class VigilEcho
{
    private const int BufferLength = 64 * 1024;

    // A buffer that came full is most often followed by more, which is still in the cache. But others wait.
    private const int ReadsPerTurn = 4;

    private readonly Socket _listener;

    // One buffer for all connections: what is read is written before the next one is read.
    private readonly byte[] _buffer = new byte[BufferLength];

    private readonly EventManagerOptions _options;

    private VigilEcho(Socket listener, EventManagerOptions options)
    {
        _listener = listener;
        _options = options;
    }

    /// <summary>Serves on a thread of its own.</summary>
    /// <param name="options">The loop's.</param>
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

        // What one read finds. Returns how much that was, none where nothing was there or the connection is over.
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
