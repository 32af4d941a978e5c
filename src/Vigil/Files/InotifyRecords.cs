using System.Runtime.InteropServices;
using Vigil.Interop;

namespace Vigil;

/// <summary>One event as the kernel reports it.</summary>
/// <param name="Position">The number of bytes of events before it, since the instance was opened. Defines the order of events.</param>
/// <param name="Watch">The watch's number.</param>
/// <param name="Mask">What happened.</param>
/// <param name="Cookie">Connects the two halves of a move.</param>
/// <param name="Name">The entry concerned; null for the directory itself.</param>
/// <param name="End">The position of the next event.</param>
internal readonly record struct InotifyRecord(long Position, int Watch, uint Mask, uint Cookie, string? Name, long End)
{
    // Events that can happen to an entry twice with nothing queued in between.
    private const uint Repeatable =
        InotifyNative.IN_MODIFY | InotifyNative.IN_ATTRIB | InotifyNative.IN_CLOSE_WRITE | InotifyNative.IN_MOVED_TO;

    /// <summary>
    /// Whether everything that it stands for happened before a look. The kernel does not queue an event that equals the last one in its
    /// queue (<c>inotify(7)</c>), so a record that was last then, without a mark behind it, may stand for later events as well.
    /// </summary>
    /// <param name="look">The result of <see cref="WatchTable.BeginLook"/> before the look.</param>
    public bool IsBefore(long look) => End <= look || (Position < look && !Has(Repeatable));

    public bool Has(uint bits) => (Mask & bits) != 0;
}

/// <summary>Parses <c>struct inotify_event</c>s: watch, mask, cookie, length of the name, the name padded with zeros.</summary>
internal ref struct InotifyRecords
{
    /// <summary>The size of a record without a name, in bytes.</summary>
    public const int HeaderSize = 16;


    private ReadOnlySpan<byte> _rest;
    private long _position;

    /// <param name="bytes">The result of one read. The kernel never splits an event.</param>
    /// <param name="position">The number of bytes read before.</param>
    public InotifyRecords(ReadOnlySpan<byte> bytes, long position)
    {
        _rest = bytes;
        _position = position;
    }

    public bool TryTake(out InotifyRecord record)
    {
        if (_rest.Length < HeaderSize)
        {
            record = default;
            return false;
        }

        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(_rest[..HeaderSize]);
        int length = (int)words[3];
        ReadOnlySpan<byte> name = _rest.Slice(HeaderSize, length);
        int end = name.IndexOf((byte)0);
        long next = _position + HeaderSize + length;
        record = new InotifyRecord(
            _position,
            (int)words[0],
            words[1],
            words[2],
            length == 0 ? null : FileName.Decode(end < 0 ? name : name[..end]),
            next);
        _rest = _rest[(HeaderSize + length)..];
        _position = next;
        return true;
    }
}
