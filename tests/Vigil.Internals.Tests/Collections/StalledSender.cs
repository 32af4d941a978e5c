using System.Reflection;
using Vigil.Collections;

namespace Vigil.Internals.Tests.Collections;

/// <summary>
/// A sender that stalls between claiming a position in a queue and publishing its item, like a thread that is preempted there. It uses
/// reflection, because the queue has no such pause. Claim only in tests in which no other thread uses the queue at that moment.
/// </summary>
internal sealed class StalledSender<T>
{
    private const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    private readonly Array _slots;
    private readonly int _index;
    private readonly long _position;
    private readonly T _item;

    private StalledSender(Array slots, int index, long position, T item)
    {
        _slots = slots;
        _index = index;
        _position = position;
        _item = item;
    }

    /// <summary>Claims a position. Null if the ring has none: a sender would then add a ring, or find the queue sealed.</summary>
    public static StalledSender<T>? TryClaim(MpscQueue<T> queue, T item)
    {
        object ring = Field(queue, "_tail").GetValue(queue)!;
        FieldInfo positionsField = Field(ring, "_positions");
        var positions = (RingPositions)positionsField.GetValue(ring)!;
        var slots = (Array)Field(ring, "_slots").GetValue(ring)!;
        long position = positions.Tail;
        int index = (int)position & (slots.Length - 1);
        object slot = slots.GetValue(index)!;
        if ((long)slot.GetType().GetField("Sequence")!.GetValue(slot)! != position)
        {
            return null;
        }

        positions.Tail = position + 1;
        positionsField.SetValue(ring, positions);
        return new StalledSender<T>(slots, index, position, item);
    }

    /// <summary>Continues. Other threads may use the queue.</summary>
    public void Publish()
    {
        // The item first, then its sequence number, which publishes it.
        object slot = _slots.GetValue(_index)!;
        slot.GetType().GetField("Item")!.SetValue(slot, _item);
        _slots.SetValue(slot, _index);
        Interlocked.MemoryBarrier();
        slot.GetType().GetField("Sequence")!.SetValue(slot, _position + 1);
        _slots.SetValue(slot, _index);
    }

    private static FieldInfo Field(object owner, string name) =>
        owner.GetType().GetField(name, Private) ?? throw new InvalidOperationException($"{owner.GetType()} has no field {name}.");
}
