using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Vigil.Threading;

namespace Vigil.Timing;

/// <summary>
/// Lists of timers, 64 to a node. A bucket of a node of level n holds the deadlines that agree in all bits above 6n. It is
/// a list in order of arrival or, once that was too long to be sorted, a node of level n − 1.
/// </summary>
/// <remarks>
/// <para>A list records whether its deadlines arrived in order, as they do if timers share one timeout. Such a list is never sorted nor
/// split, however long it is. Every move of timers keeps equal deadlines in order of arrival.</para>
/// <para>An emptied list or node is not noticed when its last timer leaves, since another usually arrives soon, but when the earliest timer
/// is searched for, or time passes.</para>
/// </remarks>
internal sealed class TimerBuckets
{
    public const int BitsPerLevel = 6;

    private const int Fanout = 1 << BitsPerLevel;
    private const int NoParent = -1;
    private const int NoNode = -1;

    // Up to this length insertion sort is cheapest.
    private const int LongestToSort = 32;

    private readonly TimerSlots _slots = new();
    private readonly (long Deadline, int Index)[] _scratch = new (long, int)[LongestToSort];
    private Node[] _nodes = [];
    private Bucket[] _buckets = [];
    private int _firstFreeNode = NoNode;

    public TimerSlots Slots => _slots;

    /// <summary>The bucket of a deadline in a node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BucketFor(int node, int level, long deadline) => (node * Fanout) + GroupOf(deadline, level);

    /// <summary>Adds a node that stays when it is empty.</summary>
    public int AddRoot(int level) => AddNode(level, NoParent);

    /// <summary>Frees a root without timers.</summary>
    public void RemoveRoot(int node)
    {
        for (ulong left = _nodes[node].Occupied; left != 0; left &= left - 1)
        {
            ref Bucket bucket = ref _buckets[(node * Fanout) + BitOperations.TrailingZeroCount(left)];
            if (bucket.IsSplit)
            {
                RemoveRoot(bucket.Child);
            }

            bucket = default;
        }

        FreeNode(node);
    }

    /// <summary>Appends a timer that is in no bucket to a list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(int bucket, int index, ref TimerSlot slot) => Append(bucket, ref _buckets[bucket], index, ref slot);

    /// <summary>Adds a timer that is in no bucket to a bucket, or to the one below it if it was split.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Place(int bucket, int index, ref TimerSlot slot)
    {
        ref Bucket list = ref _buckets[bucket];
        while (list.IsSplit)
        {
            bucket = BucketFor(list.Child, _nodes[NodeOf(bucket)].Level - 1, slot.Deadline);
            list = ref _buckets[bucket];
        }

        Append(bucket, ref list, index, ref slot);
    }

    /// <summary>Removes a timer from its list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(ref TimerSlot slot)
    {
        if (slot.Previous == TimerSlots.None)
        {
            _buckets[slot.Bucket].Head = slot.Next;
        }
        else
        {
            _slots[slot.Previous].Next = slot.Next;
        }

        if (slot.Next == TimerSlots.None)
        {
            _buckets[slot.Bucket].Tail = slot.Previous;
        }
        else
        {
            _slots[slot.Next].Previous = slot.Previous;
        }
    }

    /// <summary>The first timer of a list, whatever its deadline.</summary>
    public int HeadOf(int bucket) => _buckets[bucket].Head;

    /// <summary>The timer with the earliest deadline below a root, of equal ones the first to arrive; none if there is no timer.</summary>
    public int EarliestOf(int root)
    {
        int node = root;
        while (true)
        {
            ulong occupied = _nodes[node].Occupied;
            if (occupied == 0)
            {
                if (node == root)
                {
                    return TimerSlots.None;
                }

                int parent = _nodes[node].Parent;
                FreeNode(node);
                Vacate(parent);
                node = NodeOf(parent);
                continue;
            }

            int bucket = (node * Fanout) + BitOperations.TrailingZeroCount(occupied);
            Bucket content = _buckets[bucket];
            if (content.IsSplit)
            {
                node = content.Child;
            }
            else if (content.Head == TimerSlots.None)
            {
                Vacate(bucket);
            }
            else if ((_nodes[node].Unsorted & BitOf(bucket)) == 0)
            {
                return content.Head;
            }
            else if (TrySort(bucket))
            {
                return _buckets[bucket].Head;
            }
            else
            {
                Split(bucket);
            }
        }
    }

    /// <summary>Empties a bucket. Returns the node that it was split into, which becomes a root, or the head of its list, if any.</summary>
    public bool TakeContent(int bucket, out int child, out int head)
    {
        Bucket content = _buckets[bucket];
        child = content.Child;
        head = content.Head;
        Vacate(bucket);
        if (content.IsSplit)
        {
            _nodes[child].Parent = NoParent;
        }

        return content.IsSplit;
    }

    /// <summary>All timers below a root; equal deadlines are in order of arrival.</summary>
    public void CopyTo(int node, List<int> indices)
    {
        for (ulong left = _nodes[node].Occupied; left != 0; left &= left - 1)
        {
            int bucket = (node * Fanout) + BitOperations.TrailingZeroCount(left);
            if (_buckets[bucket].IsSplit)
            {
                CopyTo(_buckets[bucket].Child, indices);
                continue;
            }

            for (int i = _buckets[bucket].Head; i != TimerSlots.None; i = _slots[i].Next)
            {
                indices.Add(i);
            }
        }
    }

    /// <summary>Frees a little memory if much is unused.</summary>
    /// <param name="steps">The greatest number of slots to free.</param>
    /// <returns>Whether timers may have moved to other slots.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Shrink(int steps)
    {
        if (!_slots.IsSparse)
        {
            return false;
        }

        ShrinkSparse(steps);
        return true;
    }

    private static int NodeOf(int bucket) => (int)((uint)bucket >> BitsPerLevel);

    private static ulong BitOf(int bucket) => 1UL << (bucket & (Fanout - 1));

    private static int GroupOf(long deadline, int level) => (int)(deadline >> (BitsPerLevel * level)) & (Fanout - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(int bucket, ref Bucket list, int index, ref TimerSlot slot)
    {
        int last = list.Tail;
        list.Tail = index;
        slot.Bucket = bucket;
        slot.Next = TimerSlots.None;
        slot.Previous = last;
        if (last == TimerSlots.None)
        {
            list.Head = index;
            _nodes[NodeOf(bucket)].Occupied |= BitOf(bucket);
            return;
        }

        ref TimerSlot before = ref _slots[last];
        before.Next = index;
        if (before.Deadline > slot.Deadline)
        {
            _nodes[NodeOf(bucket)].Unsorted |= BitOf(bucket);
        }
    }

    private void ShrinkSparse(int steps)
    {
        if (_slots.Count == 0)
        {
            _slots.Clear();
        }

        for (; steps > 0 && _slots.IsSparse; steps--)
        {
            if (_slots.TryShrink(out int index))
            {
                OnMoved(index);
            }
        }
    }

    private void OnMoved(int index)
    {
        ref TimerSlot slot = ref _slots[index];
        slot.Target!.OnMoved(index);
        if (slot.Previous == TimerSlots.None)
        {
            _buckets[slot.Bucket].Head = index;
        }
        else
        {
            _slots[slot.Previous].Next = index;
        }

        if (slot.Next == TimerSlots.None)
        {
            _buckets[slot.Bucket].Tail = index;
        }
        else
        {
            _slots[slot.Next].Previous = index;
        }
    }

    private void Vacate(int bucket)
    {
        _buckets[bucket] = default;
        ref Node node = ref _nodes[NodeOf(bucket)];
        ulong others = ~BitOf(bucket);
        node.Occupied &= others;
        node.Unsorted &= others;
    }

    // False if it is too long. Insertion sort keeps equal deadlines in order, and is fast on nearly sorted lists.
    private bool TrySort(int bucket)
    {
        int count = 0;
        for (int i = _buckets[bucket].Head; i != TimerSlots.None; i = _slots[i].Next)
        {
            if (count == LongestToSort)
            {
                return false;
            }

            ref TimerSlot slot = ref _slots[i];

            // Sorted timers are about to fire, one after the other.
            CacheLine.Fetch(slot.Target);
            long deadline = slot.Deadline;
            int place = count++;
            for (; place > 0 && _scratch[place - 1].Deadline > deadline; place--)
            {
                _scratch[place] = _scratch[place - 1];
            }

            _scratch[place] = (deadline, i);
        }

        int previous = TimerSlots.None;
        for (int i = 0; i < count; i++)
        {
            int index = _scratch[i].Index;
            _slots[index].Previous = previous;
            _slots[index].Next = i + 1 < count ? _scratch[i + 1].Index : TimerSlots.None;
            previous = index;
        }

        _buckets[bucket].Head = _scratch[0].Index;
        _buckets[bucket].Tail = previous;
        _nodes[NodeOf(bucket)].Unsorted &= ~BitOf(bucket);
        return true;
    }

    // A bucket of level 0 holds a single deadline and is never unsorted, so there is a level below.
    private void Split(int bucket)
    {
        int next = _buckets[bucket].Head;
        int level = _nodes[NodeOf(bucket)].Level - 1;

        // A long list is a chain of cache misses. So its other half is read from the end meanwhile, up to the middle, just to bring it into
        // the cache: the processor waits for both misses at once.
        int fetched = _buckets[bucket].Tail;
        int child = AddNode(level, bucket);
        _buckets[bucket] = Bucket.SplitInto(child);
        _nodes[NodeOf(bucket)].Unsorted &= ~BitOf(bucket);
        while (next != TimerSlots.None)
        {
            int index = next;
            ref TimerSlot slot = ref _slots[index];
            next = slot.Next;
            fetched = fetched == index || fetched == next ? TimerSlots.None : _slots[fetched].Previous;
            Append(BucketFor(child, level, slot.Deadline), index, ref slot);
        }
    }

    private int AddNode(int level, int parent)
    {
        if (_firstFreeNode == NoNode)
        {
            AddFreeNodes();
        }

        int node = _firstFreeNode;
        _firstFreeNode = _nodes[node].Parent;
        _nodes[node] = new Node { Level = level, Parent = parent };
        return node;
    }

    private void AddFreeNodes()
    {
        int count = _nodes.Length;
        Array.Resize(ref _nodes, Math.Max(count * 2, 16));
        Array.Resize(ref _buckets, _nodes.Length * Fanout);
        for (int node = _nodes.Length - 1; node >= count; node--)
        {
            FreeNode(node);
        }
    }

    private void FreeNode(int node)
    {
        _nodes[node] = new Node { Parent = _firstFreeNode };
        _firstFreeNode = node;
    }

    /// <summary>A list, or the node that it was split into.</summary>
    [StructLayout(LayoutKind.Explicit)]
    private struct Bucket
    {
        [FieldOffset(0)]
        public int Head;

        [FieldOffset(0)]
        public int Child;

        [FieldOffset(4)]
        public int Tail;

        private const int NoList = -1;

        public readonly bool IsSplit => Tail == NoList;

        public static Bucket SplitInto(int child) => new() { Child = child, Tail = NoList };
    }

    private struct Node
    {
        /// <summary>One bit a bucket: it holds something, or did.</summary>
        public ulong Occupied;

        /// <summary>One bit a bucket: its list is not in order of deadlines.</summary>
        public ulong Unsorted;

        /// <summary>The bucket that holds it; for a free node, the next free one.</summary>
        public int Parent;

        public int Level;
    }
}
