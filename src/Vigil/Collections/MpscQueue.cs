using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using Vigil.Threading;

namespace Vigil.Collections;

/// <summary>
/// An unbounded multi-producer, single-consumer queue that allocates nothing in steady state and keeps each producer's order.
/// </summary>
/// <remarks>
/// <para>
/// A chain of rings. Positions count up forever in 64 bits. A slot's sequence says whose turn it is: equal to a position, a
/// producer may claim that position by moving the tail past it; one more, the item is published and the consumer's; plus the
/// ring's length, it is free for the next lap. Producers meet only in the compare-and-swap of the tail, and the consumer uses
/// no interlocked operation at all.
/// </para>
/// <para>
/// A full ring is closed under a lock, by moving its tail so far ahead that no sequence ever matches, and a ring twice as long is
/// linked behind it. The consumer leaves a closed ring when it has reached the position at which it was closed. So every item
/// of a closed ring was claimed before any item of the next, which keeps each producer's order.
/// </para>
/// <para>
/// Drained rings of the greatest length are kept for reuse, as many as a backlog of some size needs. A ring is reused
/// at positions beyond all that it ever had, so a producer that slept through the change finds no sequence that matches its old
/// position.
/// </para>
/// <para>
/// Sealing ends it: the last ring is closed, and none is linked behind it. The tail's compare-and-swap decides. An item whose position was
/// claimed before is in the queue and will be published; later producers find no position, and get false. So after sealing, taking until
/// <see cref="IsEmpty"/> takes exactly what was accepted. It costs senders nothing: they check for the seal only where they would grow the
/// queue.
/// </para>
/// </remarks>
internal sealed class MpscQueue<T>
{
    private const long Closed = 1L << 62;

    // The most that stays below the large object heap, whose arrays only a full collection frees (85,000 bytes), and at most a few batches.
    private static readonly int MaxLength = Math.Min(1 << 11, 1 << BitOperations.Log2(84_000u / (uint)Unsafe.SizeOf<Slot>()));

    private readonly Lock _growth = new();
    private readonly int _maxSpares;
    private Ring _head;
    private volatile Ring _tail;
    private Ring? _spares;
    private int _spareCount;

    // Under the lock.
    private bool _isSealed;

    /// <param name="initialLength">The first ring's length: a power of two, at least 2, since with 1 the states of a slot are
    /// indistinguishable.</param>
    /// <param name="maxSpares">The greatest number of drained rings to keep.</param>
    public MpscQueue(int initialLength = 64, int maxSpares = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(initialLength, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(initialLength & (initialLength - 1), 0, nameof(initialLength));
        _maxSpares = maxSpares;
        _head = _tail = new Ring(initialLength);
    }

    /// <summary>
    /// Whether dequeuing makes progress: an item is published, or a drained ring can be left. Reads only what the consumer reads anyway,
    /// not what producers contend for, so it may miss an item that is being published. A claimed item whose producer is stopped before
    /// publishing is not ready. To other threads than the consumer the answer may be outdated.
    /// </summary>
    public bool IsReady
    {
        get
        {
            Ring head = _head;
            return head.IsReady || (head.Next is not null && !head.HasItems);
        }
    }

    /// <summary>
    /// Whether every enqueued item was dequeued. A claimed item that is not yet published counts as enqueued.
    /// For the consumer only.
    /// </summary>
    public bool IsEmpty
    {
        get
        {
            while (!_head.HasItems)
            {
                if (!TryLeaveHead())
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// A lower bound of the number of items: those claimed in the ring that is being read. Zero only if the queue is empty.
    /// For the consumer only.
    /// </summary>
    public int CountInHead => IsEmpty ? 0 : _head.Count;

    /// <summary>
    /// Adds an item. Any thread. A full fence: what the caller reads afterwards is read after the item is visible as claimed. False if the
    /// queue is sealed; then nothing was added.
    /// </summary>
    public bool TryEnqueue(in T item)
    {
        Ring ring = _tail;
        while (!ring.TryEnqueue(in item))
        {
            if (!TryGrow(ring))
            {
                return false;
            }

            ring = _tail;
        }

        return true;
    }

    /// <summary>
    /// Refuses further items. Items added before stay: claimed ones are counted (<see cref="IsEmpty"/>) and will be published. Any thread.
    /// </summary>
    public void Seal()
    {
        using (Uninterrupted.Enter(_growth))
        {
            _isSealed = true;
            _tail.Close();
        }
    }

    /// <summary>Takes the oldest published item. For the consumer only.</summary>
    public bool TryDequeue([MaybeNullWhen(false)] out T item)
    {
        while (!_head.TryDequeue(out item))
        {
            if (!IsWorthAnotherLook())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads the oldest published item, which stays. For the consumer only.</summary>
    public bool TryPeek([MaybeNullWhen(false)] out T item)
    {
        while (!_head.TryPeek(out item))
        {
            if (!IsWorthAnotherLook())
            {
                return false;
            }
        }

        return true;
    }

    // After no published item was found. Claimed items will be published, but this does not wait for them.
    private bool IsWorthAnotherLook() => _head.Next is not null && !_head.HasItems && TryLeaveHead();

    // True if a retry is worthwhile. The ring is left only if it is still empty after it was seen closed: before that,
    // a producer may have claimed a position between the consumer's check and the closing.
    private bool TryLeaveHead()
    {
        Ring drained = _head;
        if (drained.Next is not { } next)
        {
            return false;
        }

        if (drained.HasItems)
        {
            return true;
        }

        _head = next;
        drained.Unlink();
        if (drained.Length == MaxLength && _spareCount < _maxSpares)
        {
            Keep(drained);
        }

        return true;
    }

    // Does not wait for a producer that is making a ring: this one is then left to the garbage collector.
    private void Keep(Ring drained)
    {
        drained.PrepareNextLife();
        if (_growth.TryEnter())
        {
            drained.NextSpare = _spares;
            _spares = drained;
            _spareCount++;
            _growth.Exit();
        }
    }

    // False if the queue is sealed.
    private bool TryGrow(Ring full)
    {
        using (Uninterrupted.Enter(_growth))
        {
            if (_isSealed)
            {
                return false;
            }

            if (_tail != full)
            {
                return true;
            }

            Ring next = TakeSpare(full.Length) ?? new Ring(Math.Min(full.Length * 2, MaxLength));

            // Closes this ring before opening the next: a producer with a stale position in the next ring would
            // otherwise get in there, and then with its next item into the full one, which is read first.
            full.CloseWith(next);
            next.Open();
            _tail = next;
            return true;
        }
    }

    private Ring? TakeSpare(int lengthNow)
    {
        Ring? spare = lengthNow * 2 >= MaxLength ? _spares : null;
        if (spare is not null)
        {
            _spares = spare.NextSpare;
            spare.NextSpare = null;
            _spareCount--;
        }

        return spare;
    }

    private sealed class Ring
    {
        private readonly Slot[] _slots;
        private readonly int _mask;

        private RingPositions _positions;
        private long _start;

        public Ring(int length)
        {
            _slots = new Slot[length];
            _mask = length - 1;
            _positions.Tail = Closed;
            for (int i = 0; i < length; i++)
            {
                _slots[i].Sequence = i;
            }

            Open();
        }

        public int Length => _slots.Length;

        public Ring? Next { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

        /// <summary>The next ring in the stack of spares. Under the lock of the queue.</summary>
        public Ring? NextSpare { get; set; }

        public bool IsReady
        {
            get
            {
                long position = _positions.Head;
                return Volatile.Read(ref _slots[(int)position & _mask].Sequence) == position + 1;
            }
        }

        public int Count => (int)((Volatile.Read(ref _positions.Tail) & ~Closed) - _positions.Head);

        public bool HasItems => Count != 0;

        public bool TryEnqueue(in T item)
        {
            Slot[] slots = _slots;
            long position = Volatile.Read(ref _positions.Tail);
            while (true)
            {
                ref Slot slot = ref slots[(int)position & _mask];
                long lead = Volatile.Read(ref slot.Sequence) - position;
                if (lead < 0)
                {
                    return false;
                }

                long seen = lead > 0
                    ? Volatile.Read(ref _positions.Tail)
                    : Interlocked.CompareExchange(ref _positions.Tail, position + 1, position);
                if (lead == 0 && seen == position)
                {
                    slot.Item = item;
                    Volatile.Write(ref slot.Sequence, position + 1);
                    return true;
                }

                position = seen;
            }
        }

        public bool TryDequeue([MaybeNullWhen(false)] out T item)
        {
            long position = _positions.Head;
            ref Slot slot = ref _slots[(int)position & _mask];
            if (Volatile.Read(ref slot.Sequence) != position + 1)
            {
                item = default;
                return false;
            }

            item = slot.Item;
            slot.Item = default!;
            _positions.Head = position + 1;
            Volatile.Write(ref slot.Sequence, position + _slots.Length);
            return true;
        }

        public bool TryPeek([MaybeNullWhen(false)] out T item)
        {
            // Checked once: it may be published at any moment.
            long position = _positions.Head;
            ref Slot slot = ref _slots[(int)position & _mask];
            bool isPublished = Volatile.Read(ref slot.Sequence) == position + 1;
            item = isPublished ? slot.Item : default;
            return isPublished;
        }

        /// <summary>Lets producers in. Under the lock of the queue.</summary>
        public void Open() => Volatile.Write(ref _positions.Tail, _start);

        /// <summary>Keeps producers out. Under the lock of the queue.</summary>
        public void Close() => Interlocked.Or(ref _positions.Tail, Closed);

        /// <summary>Keeps producers out and sends them to the next ring. Under the lock of the queue.</summary>
        public void CloseWith(Ring next)
        {
            Close();
            Next = next;
        }

        /// <summary>After the consumer has left it: an old ring would keep all later ones from being collected.</summary>
        public void Unlink() => Next = null;

        /// <summary>Moves a drained, closed ring to fresh positions; it stays closed.</summary>
        public void PrepareNextLife()
        {
            _start = (_positions.Head + Length) & ~(long)_mask;
            _positions.Head = _start;
            _positions.Tail = _start | Closed;
            for (int i = 0; i < _slots.Length; i++)
            {
                _slots[i].Sequence = _start + i;
            }
        }
    }

    private struct Slot
    {
        public T Item;
        public long Sequence;
    }
}
