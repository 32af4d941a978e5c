using Vigil.IO;

namespace Vigil.Testing.Tests.Models;

/// <summary>What an open file is, as far as readiness is concerned.</summary>
internal enum ModelFileKind
{
    PipeReader,
    PipeWriter,
    Socket,
}

/// <summary>A handle of a file, under one number.</summary>
internal sealed class ModelHandle(ModelFile file, FdHandle real)
{
    public ModelFile File { get; } = file;

    public FdHandle Real { get; } = real;

    public int Number { get; } = (int)real.DangerousGetHandle();

    public bool IsClosed { get; set; }
}

/// <summary>
/// An open file, and what it is ready for. Where kernels and the simulation may differ, a kind may be ready, or must be: whether a file
/// that was full and is partly empty takes more (a pipe by pages, a socket by a part of its buffer), and whether a socket whose peer is
/// gone is hung up (a Unix one is, TCP is when both directions are shut down).
/// </summary>
internal sealed class ModelFile(ModelFileKind kind)
{
    private byte _nextByte;

    // How much was unread at the other end when this one took no more; 0 if there is room.
    private int _fullAt;

    public ModelFileKind Kind { get; } = kind;

    public ModelFile Peer { get; private set; } = null!;

    /// <summary>The numbers that name it.</summary>
    public HashSet<int> Numbers { get; } = [];

    public bool IsOpen => Numbers.Count > 0;

    public Queue<byte> Unread { get; } = new();

    public bool HasShutDown { get; private set; }

    /// <summary>Counts arrivals: edges for who waits for In.</summary>
    public long Arrivals { get; private set; }

    /// <summary>Counts ends of the other side: edges for everybody.</summary>
    public long Breaks { get; private set; }

    /// <summary>Counts what may be an edge.</summary>
    public long Changes { get; private set; }

    public bool CanRead => Kind != ModelFileKind.PipeWriter;

    public bool CanWrite => Kind != ModelFileKind.PipeReader;

    public bool IsAtEnd => !Peer.IsOpen || Peer.HasShutDown;

    public bool IsFull => _fullAt > 0;

    public static (ModelFile First, ModelFile Second) CreatePair(bool isSocket)
    {
        ModelFile first = new(isSocket ? ModelFileKind.Socket : ModelFileKind.PipeReader);
        ModelFile second = new(isSocket ? ModelFileKind.Socket : ModelFileKind.PipeWriter);
        first.Peer = second;
        second.Peer = first;
        return (first, second);
    }

    /// <summary>What it must be ready for, and what it may be ready for beyond that.</summary>
    public (EventSet Must, EventSet May) Ready()
    {
        EventSet must = CanRead && Unread.Count > 0 ? EventSet.In : EventSet.None;
        EventSet may = EventSet.None;
        if (CanWrite)
        {
            must |= _fullAt == 0 ? EventSet.Out : EventSet.None;
            may |= _fullAt > 0 && (Peer.Unread.Count < _fullAt || !Peer.IsOpen) ? EventSet.Out : EventSet.None;
        }

        if (Kind == ModelFileKind.Socket)
        {
            must |= IsAtEnd ? EventSet.In | EventSet.ReadHangUp : EventSet.None;
            must |= IsAtEnd && HasShutDown ? EventSet.HangUp : EventSet.None;
            may |= Peer.IsOpen ? EventSet.None : EventSet.HangUp;
        }
        else if (!Peer.IsOpen)
        {
            must |= Kind == ModelFileKind.PipeReader ? EventSet.HangUp : EventSet.Error;
        }

        return (must, may);
    }

    public byte[] NextBytes(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(_nextByte + i);
        }

        return bytes;
    }

    public void NoteWritten(int count, bool isFull)
    {
        foreach (byte next in NextBytes(count))
        {
            Peer.Unread.Enqueue(next);
        }

        _nextByte += (byte)count;
        Peer.Arrivals += count > 0 ? 1 : 0;
        NoteChange();
        if (isFull)
        {
            _fullAt = Peer.Unread.Count;
        }
    }

    public byte[] TakeRead(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = Unread.Dequeue();
        }

        if (Unread.Count == 0)
        {
            Peer._fullAt = 0;
        }

        NoteChange();
        return bytes;
    }

    public void NoteShutDown()
    {
        HasShutDown = true;
        Breaks++;
        Peer.Breaks++;
        NoteChange();
    }

    public void NoteClosed(int number)
    {
        Numbers.Remove(number);
        if (!IsOpen)
        {
            // A pipe without a reader keeps what is in it; a socket does not.
            Peer._fullAt = Kind == ModelFileKind.Socket ? 0 : Peer._fullAt;
            Unread.Clear();
            Peer.Breaks++;
            NoteChange();
        }
    }

    private void NoteChange()
    {
        Changes++;
        Peer.Changes++;
    }
}
