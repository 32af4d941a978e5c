using Vigil.Interop;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// The kernel's events in their order, with the two halves of each move put together at the place of the first.
/// </summary>
/// <remarks>
/// The halves are queued one after the other, but not at once: other events may come in between, and a reader may see the first before the
/// second is there. One that came in from elsewhere has no first half, one that left no second. So a first half alone holds up
/// everything behind it, in order that nothing is told out of turn, for <see cref="Patience"/> from when it was read; many of them wait together.
/// </remarks>
internal sealed class RecordQueue
{
    /// <summary>How long a first half waits, in nanoseconds: as long as a thread of this machine may be kept from its next instruction, within reason.</summary>
    public const long Patience = 10_000_000;

    private readonly Queue<(InotifyRecord Record, long ReadAt)> _records = new();
    private readonly Dictionary<uint, InotifyRecord> _secondHalves = [];

    public int Count => _records.Count;

    /// <summary>When the record at the head stops waiting for its other half; <see cref="TimingWheel.Never"/> if it does not wait.</summary>
    public long Deadline { get; private set; } = TimingWheel.Never;

    public void Add(in InotifyRecord record, long now)
    {
        if (record.Has(InotifyNative.IN_MOVED_TO))
        {
            _secondHalves[record.Cookie] = record;
        }

        _records.Enqueue((record, now));
    }

    /// <summary>Takes the next record.</summary>
    /// <param name="now">The time.</param>
    /// <param name="record">The record; of a move that is whole, its first half.</param>
    /// <param name="destination">Of a move that is whole, its second half.</param>
    /// <returns>False where there is none, or it waits for its other half.</returns>
    public bool TryTake(long now, out InotifyRecord record, out InotifyRecord? destination)
    {
        destination = null;
        Deadline = TimingWheel.Never;
        while (_records.TryPeek(out (InotifyRecord Record, long ReadAt) head))
        {
            record = head.Record;
            if (record.Has(InotifyNative.IN_MOVED_FROM))
            {
                if (_secondHalves.Remove(record.Cookie, out InotifyRecord second))
                {
                    destination = second;
                }
                else if (now < head.ReadAt + Patience)
                {
                    Deadline = head.ReadAt + Patience;
                    return false;
                }
            }

            _records.Dequeue();

            // A second half that is not there any more was taken with its first.
            if (!record.Has(InotifyNative.IN_MOVED_TO) || _secondHalves.Remove(record.Cookie))
            {
                return true;
            }
        }

        record = default;
        return false;
    }

    public void Clear()
    {
        _records.Clear();
        _secondHalves.Clear();
        Deadline = TimingWheel.Never;
    }
}
