using System.Buffers.Binary;
using System.Text;
using Vigil.IO;

namespace Vigil.Testing;

/// <summary>An instance of <c>inotify(7)</c>: watches, and the records that nobody has read yet.</summary>
internal sealed class FileQueue : SimulatedFile
{
    private const int HeaderSize = 16;

    private readonly World _world;
    private readonly WorldDirectories _directories;
    private readonly Dictionary<int, FileWatch> _watches = [];
    private readonly LinkedList<byte[]> _records = [];
    private int _lastWatch;
    private bool _hasOverflowed;

    public FileQueue(World world, WorldDirectories directories)
    {
        _world = world;
        _directories = directories;
    }

    public override EventSet Ready => _records.Count > 0 ? EventSet.In : EventSet.None;

    public override string Description => "a queue of file changes";

    /// <summary>How many watches it has.</summary>
    public int WatchCount => _watches.Count;

    public int BytesToRead { get; private set; }

    public int AddWatch(FileNode node, uint mask, out int errno)
    {
        _directories.FinishMove();
        FileWatch? watch = node.Watches.Find(watch => watch.Queue == this);
        errno = (mask & FileEvents.OnlyDirectory) != 0 && !node.IsDirectory ? SimulatedErrno.ENOTDIR
            : (mask & FileEvents.All) == 0 ? SimulatedErrno.EINVAL
            : watch is null ? Refusal()
            : 0;
        if (errno != 0)
        {
            return -1;
        }

        if (watch is null)
        {
            watch = new FileWatch(this, node, ++_lastWatch);
            _watches.Add(watch.Number, watch);
            node.Watches.Add(watch);
        }

        watch.Mask = (mask & FileEvents.All) | ((mask & FileEvents.AddToMask) != 0 ? watch.Mask : 0);
        return watch.Number;
    }

    public int RemoveWatch(int number)
    {
        if (!_watches.TryGetValue(number, out FileWatch? watch))
        {
            return SimulatedErrno.EINVAL;
        }

        End(watch);
        return 0;
    }

    // A watch of something that nobody else watches, which ends at once.
    public int Mark()
    {
        int errno = Refusal();
        if (errno == 0)
        {
            Append(++_lastWatch, FileEvents.Ignored, cookie: 0, name: null);
        }

        return errno;
    }

    /// <summary>Something has happened that a watch may report.</summary>
    /// <param name="watch">The watch.</param>
    /// <param name="mask">What.</param>
    /// <param name="cookie">Connects the halves of a move.</param>
    /// <param name="name">The name in the watched directory; null for the watched file itself.</param>
    public void Report(FileWatch watch, uint mask, uint cookie, string? name)
    {
        if ((watch.Mask & mask) != 0 && _watches.ContainsKey(watch.Number))
        {
            Append(watch.Number, mask, cookie, name);
        }
    }

    /// <summary>A watch ends, by its owner or with its file.</summary>
    public void End(FileWatch watch)
    {
        if (_watches.Remove(watch.Number))
        {
            watch.Node.Watches.Remove(watch);
            Append(watch.Number, FileEvents.Ignored, cookie: 0, name: null);
        }
    }

    // Whole records only.
    public override IOResult Read(Span<byte> buffer)
    {
        if (_records.First is null)
        {
            return new IOResult(0, SimulatedErrno.EAGAIN);
        }

        int count = 0;
        while (_records.First is { } first && first.Value.Length <= buffer.Length - count)
        {
            first.Value.CopyTo(buffer[count..]);
            count += first.Value.Length;
            _records.RemoveFirst();
            _hasOverflowed &= MaskOf(first.Value) != FileEvents.Overflow;
        }

        BytesToRead -= count;
        NoteChange();
        return count > 0 ? new IOResult(count, 0) : new IOResult(0, SimulatedErrno.EINVAL);
    }

    protected override void Close()
    {
        _directories.Forget(this);
        foreach (FileWatch watch in _watches.Values)
        {
            watch.Node.Watches.Remove(watch);
        }

        _watches.Clear();
        _records.Clear();
    }

    private static uint MaskOf(byte[] record) => BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(4));

    // The cookie is not compared, and the end of a watch is never merged (event_compare in the kernel).
    private static bool AreEqual(byte[] last, byte[] record) => MaskOf(last) != FileEvents.Ignored
        && last.AsSpan(0, 8).SequenceEqual(record.AsSpan(0, 8))
        && last.AsSpan(12).SequenceEqual(record.AsSpan(12));

    private int Refusal() => _directories.WatchCount >= _directories.WatchLimit || _world.Faults.Happens(FaultKinds.OutOfWatches)
        ? SimulatedErrno.ENOSPC
        : 0;

    private void Append(int watch, uint mask, uint cookie, string? name)
    {
        if (_records.Count >= _directories.QueueLimit || _world.Faults.Happens(FaultKinds.QueueOverflow))
        {
            if (!_hasOverflowed)
            {
                _hasOverflowed = true;
                Append(RecordOf(watch: -1, FileEvents.Overflow, cookie: 0, name: null));
            }

            return;
        }

        byte[] record = RecordOf(watch, mask, cookie, name);
        if (_records.Last is null || !AreEqual(_records.Last.Value, record))
        {
            Append(record);
        }
    }

    private void Append(byte[] record)
    {
        _records.AddLast(record);
        BytesToRead += record.Length;
        _world.NoteActivity();
        NoteChange();
    }

    // struct inotify_event: watch, mask, cookie, length of the name; the name and at least one zero, up to a multiple of the header's size.
    private static byte[] RecordOf(int watch, uint mask, uint cookie, string? name)
    {
        int length = name is null ? 0 : (Encoding.UTF8.GetByteCount(name) / HeaderSize * HeaderSize) + HeaderSize;
        byte[] record = new byte[HeaderSize + length];
        BinaryPrimitives.WriteInt32LittleEndian(record, watch);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), mask);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), cookie);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), length);
        Encoding.UTF8.GetBytes(name ?? "", record.AsSpan(HeaderSize));
        return record;
    }
}
