using Vigil.Interop;
using Vigil.Timing;

namespace Vigil;

/// <summary>
/// The kernel's events in order, with the two halves of each move combined at the position of the first.
/// </summary>
/// <remarks>
/// The halves are queued one after the other, but not at once: other events may come in between, and a reader may see the first before the
/// second is queued. A move from outside has no first half, one to outside no second. So a single first half delays
/// everything behind it, to keep the order, for <see cref="Patience"/> from when it was read; several wait at the same time.
/// </remarks>
internal sealed class RecordQueue
{
    /// <summary>
    /// How long a first half waits, in nanoseconds: within reason, as long as the kernel may preempt the moving thread between the halves.
    /// </summary>
    public const long Patience = 10_000_000;

    private readonly Queue<(InotifyRecord Record, long ReadAt)> _records = new();
    private readonly Dictionary<uint, InotifyRecord> _secondHalves = [];

    public int Count => _records.Count;

    /// <summary>
    /// When the record at the head stops waiting for its other half; <see cref="TimingWheel.Never"/> if it does not wait.
    /// </summary>
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
    /// <param name="record">The record; for a complete move, its first half.</param>
    /// <param name="destination">For a complete move, its second half.</param>
    /// <returns>False if there is none, or it waits for its other half.</returns>
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

            // A second half that is no longer listed was taken with its first.
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
