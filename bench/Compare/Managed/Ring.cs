using System.Net.Sockets;
using Vigil;
using Vigil.Benchmarks.Workloads;
using Vigil.IO;

namespace Compare.Managed;

/// <summary>
/// The ring of socket pairs: a pair that has a byte is read, and a byte is written to the next pair, until all writes are used up. An
/// operation is a write, with the wait and the read that follow.
/// </summary>
internal sealed class VigilRing : IWorkload
{
    private readonly EventManager _manager = new();
    private readonly UnixSocketPair[] _pairs;
    private readonly Passing _passing;
    private readonly int _active;

    public VigilRing(int pairs, int active)
    {
        _active = active;
        _pairs = [.. Enumerable.Range(0, pairs).Select(_ => new UnixSocketPair())];
        _passing = new Passing(_pairs);
        _manager.AddSubscriber(_passing);
    }

    public void Perform(int operations)
    {
        _passing.Start(_active, Math.Max(operations, _active));
        _manager.Run();
    }

    public void Dispose()
    {
        _manager.Dispose();
        Array.ForEach(_pairs, pair => pair.Dispose());
    }

    private sealed class Passing(UnixSocketPair[] pairs) : IEventSubscriber
    {
        private readonly byte[] _byte = new byte[1];
        private int _writesLeft;
        private int _readsLeft;

        public void Initialize(EventOps ops)
        {
            for (int i = 0; i < pairs.Length; i++)
            {
                ops.Add(new Events(pairs[i].First, EventSet.In, (uint)i));
            }
        }

        public void Start(int active, int writes)
        {
            _writesLeft = _readsLeft = writes;
            int spacing = pairs.Length / active;
            for (int i = 0; i < active; i++)
            {
                Write(i * spacing);
            }
        }

        public void Process(in Events events, EventOps ops)
        {
            NonBlocking.TryRead(events.Fd, _byte).ThrowIfFailed("read");
            if (_writesLeft > 0)
            {
                int next = (int)events.Data + 1;
                Write(next == pairs.Length ? 0 : next);
            }

            if (--_readsLeft == 0)
            {
                EventManager.Current!.Stop();
            }
        }

        private void Write(int pair)
        {
            _writesLeft--;
            NonBlocking.TryWrite(pairs[pair].Second, _byte).ThrowIfFailed("write");
        }
    }
}

/// <summary>The same with one task per socket.</summary>
internal sealed class SocketRing : IWorkload
{
    private readonly Socket[] _readers;
    private readonly Socket[] _writers;
    private readonly ManualResetEventSlim _isOver = new();
    private readonly int _active;
    private int _writesLeft;
    private int _readsLeft;

    public SocketRing(int pairs, int active)
    {
        _active = active;
        _readers = new Socket[pairs];
        _writers = new Socket[pairs];
        for (int i = 0; i < pairs; i++)
        {
            // In blocking mode, as new sockets are; the runtime changes the mode when it waits.
            using var pair = new UnixSocketPair(mode: BlockingMode.Blocking);
            _readers[i] = Own(pair.First);
            _writers[i] = Own(pair.Second);
        }

        for (int i = 0; i < pairs; i++)
        {
            _ = PassAsync(i);
        }
    }

    public void Perform(int operations)
    {
        int writes = Math.Max(operations, _active);
        _isOver.Reset();
        Volatile.Write(ref _readsLeft, writes);
        Volatile.Write(ref _writesLeft, writes - _active);
        int spacing = _readers.Length / _active;
        for (int i = 0; i < _active; i++)
        {
            _writers[i * spacing].Send("e"u8);
        }

        _isOver.Wait();
    }

    public void Dispose()
    {
        Array.ForEach(_readers, socket => socket.Dispose());
        Array.ForEach(_writers, socket => socket.Dispose());
        _isOver.Dispose();
    }

    // A socket closes its descriptor, so the pair must not.
    private static Socket Own(FdHandle handle)
    {
        var socket = new Socket(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true));
        handle.SetHandleAsInvalid();
        return socket;
    }

    private async Task PassAsync(int index)
    {
        byte[] buffer = new byte[1];
        Socket next = _writers[index + 1 == _writers.Length ? 0 : index + 1];
        try
        {
            while (await _readers[index].ReceiveAsync(buffer) > 0)
            {
                // Several threads pass bytes on at once.
                if (Interlocked.Decrement(ref _writesLeft) >= 0)
                {
                    next.Send(buffer);
                }

                if (Interlocked.Decrement(ref _readsLeft) == 0)
                {
                    _isOver.Set();
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The ring is over.
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.OperationAborted or SocketError.ConnectionReset)
        {
            // The same here.
        }
    }
}
