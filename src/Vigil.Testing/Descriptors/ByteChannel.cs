namespace Vigil.Testing;

/// <summary>
/// One direction of a pipe or connection: bytes that are under way, and bytes that have arrived. Both count for its capacity, in bytes.
/// Order is kept: what is sent later never arrives earlier.
/// </summary>
internal sealed class ByteChannel
{
    private readonly World _world;
    private readonly string _name;
    private readonly SimulatedLink _link;
    private readonly Queue<byte> _arrived = new();
    private TimeSpan _lastArrival;
    private int _underWay;

    // While this is above zero, writers find no room.
    private int _refusals;

    public ByteChannel(World world, string name, SimulatedLink link)
    {
        _world = world;
        _name = name;
        _link = link;
    }

    /// <summary>Raised when something has arrived, room has come, or an end was closed.</summary>
    public event Action? Changed;

    public bool HasData => _arrived.Count > 0;

    /// <summary>The writer is gone, and everything that it has sent has arrived.</summary>
    public bool IsAtEnd { get; private set; }

    public bool IsReaderGone { get; private set; }

    public bool IsWriterGone { get; private set; }

    public bool HasRoom => _refusals == 0 && _arrived.Count + _underWay < _link.Capacity;

    /// <summary>Takes as many bytes as fit.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        int count = HasRoom ? Math.Min(bytes.Length, _link.Capacity - _arrived.Count - _underWay) : 0;
        if (count > 0)
        {
            byte[] segment = bytes[..count].ToArray();
            _underWay += count;
            Send(() => Arrive(segment));
        }

        return count;
    }

    public int Read(Span<byte> buffer)
    {
        int count = 0;
        while (count < buffer.Length && _arrived.TryDequeue(out byte next))
        {
            buffer[count++] = next;
        }

        if (count > 0)
        {
            NoteChange();
        }

        return count;
    }

    /// <summary>The writer sends no more.</summary>
    public void CloseWriter()
    {
        if (!IsWriterGone)
        {
            IsWriterGone = true;
            Send(() =>
            {
                IsAtEnd = true;
                NoteChange();
            });
        }
    }

    /// <summary>The reader is gone: what has arrived is lost.</summary>
    public void CloseReader()
    {
        IsReaderGone = true;
        _arrived.Clear();
        NoteChange();
    }

    /// <summary>Everything that is there is lost.</summary>
    public void Break()
    {
        _arrived.Clear();
        IsReaderGone = true;
        IsWriterGone = true;
        IsAtEnd = true;
        NoteChange();
    }

    /// <summary>Has no room for a moment.</summary>
    public void Refuse()
    {
        _refusals++;
        _world.Schedule(TimeSpan.FromTicks(1), () =>
        {
            _refusals--;
            NoteChange();
        });
    }

    private void Send(Action arrive)
    {
        TimeSpan arrival = _world.Clock.Elapsed + _link.DrawLatency(_world.Random);
        _lastArrival = arrival > _lastArrival ? arrival : _lastArrival;
        if (_lastArrival <= _world.Clock.Elapsed)
        {
            arrive();
        }
        else
        {
            _world.Schedule(_lastArrival - _world.Clock.Elapsed, arrive);
        }
    }

    private void Arrive(byte[] segment)
    {
        _underWay -= segment.Length;
        if (IsReaderGone)
        {
            NoteChange();
            return;
        }

        foreach (byte next in segment)
        {
            _arrived.Enqueue(next);
        }

        _world.History.Add(HistoryKind.Delivery, _name, segment.Length);
        NoteChange();
    }

    private void NoteChange()
    {
        _world.NoteActivity();
        Changed?.Invoke();
    }
}
