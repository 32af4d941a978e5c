using System.Runtime.InteropServices;
using Vigil.Interop;

namespace Vigil;

/// <summary>One event as the kernel reports it.</summary>
/// <param name="Position">How many bytes of events came before it, since the instance was opened: what happened before what.</param>
/// <param name="Watch">Which directory's.</param>
/// <param name="Mask">What happened.</param>
/// <param name="Cookie">What the two halves of a move have in common.</param>
/// <param name="Name">The entry concerned; null for the directory itself.</param>
/// <param name="End">Where the next one begins.</param>
internal readonly record struct InotifyRecord(long Position, int Watch, uint Mask, uint Cookie, string? Name, long End)
{
    // What can happen to an entry twice with nothing in between that is queued.
    private const uint Repeatable = InotifyNative.IN_MODIFY | InotifyNative.IN_ATTRIB | InotifyNative.IN_CLOSE_WRITE | InotifyNative.IN_MOVED_TO;

    /// <summary>
    /// Whether all that it stands for happened before a look was taken. The kernel queues no event that is the same as the last one in its queue
    /// (<c>inotify(7)</c>), so a record that was last then, with no mark behind it, may stand for what happened after the look as well.
    /// </summary>
    /// <param name="look">What <see cref="WatchTable.BeginLook"/> gave before the look.</param>
    public bool IsBefore(long look) => End <= look || (Position < look && !Has(Repeatable));

    public bool Has(uint bits) => (Mask & bits) != 0;
}

/// <summary>Takes <c>struct inotify_event</c>s out of what was read: watch, mask, cookie, length of the name, the name with zeros after it.</summary>
internal ref struct InotifyRecords
{
    /// <summary>The size of a record without a name, in bytes.</summary>
    public const int HeaderSize = 16;


    private ReadOnlySpan<byte> _rest;
    private long _position;

    /// <param name="bytes">What one read gave. The kernel never cuts an event in two.</param>
    /// <param name="position">How many bytes were read before.</param>
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
        record = new InotifyRecord(_position, (int)words[0], words[1], words[2], length == 0 ? null : FileName.Decode(end < 0 ? name : name[..end]), next);
        _rest = _rest[(HeaderSize + length)..];
        _position = next;
        return true;
    }
}
