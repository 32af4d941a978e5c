using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Vigil.Timing;

/// <summary>
/// A hierarchical timing wheel that fires in exact order. Pure: it reads no clock and wakes nobody.
/// </summary>
/// <remarks>
/// <para>Assumptions. Most timers are cancelled or started anew before they are due, so both must be cheap and must leave nothing
/// behind. Many share a few timeouts, so that they are started in the order of their deadlines. There may be a million. A loop must
/// know exactly when the earliest is due, and does not wake up for the wheel's own housekeeping.</para>
/// <para>Where a timer is. Deadlines are 63-bit numbers of nanoseconds, eleven groups of six bits. A timer's level is the highest group in
/// which its deadline differs from the wheel's time, and its bucket there is that group's value. So everything of a lower level is
/// earlier, within a level everything of a lower bucket; buckets are found without searching, whether the deadline is a microsecond
/// or a century away. A bucket's list is not in order. Only when its earliest timer is asked for, a short list is sorted and a long one
/// split by the next six bits (<see cref="TimerBuckets"/>); what is cancelled before that never cost more than two links.</para>
/// <para>When time advances into a bucket, its timers are placed anew, or, where it was split, its node becomes that of the level below.
/// A timer moves down at most once a level, whoever asks for it.</para>
/// <para>Timers that could fire at the wheel's time already when they are started wait in a list of their own, in order of their start, and are the
/// first at the next <see cref="Expire"/>. That is so of a deadline that has passed, and of a leeway that reaches back so far. While a batch of due
/// timers is taken, no time passes for the wheel: what is started meanwhile is either later or overdue, and thus not of this batch.</para>
/// <para>What starting and cancelling consist of is inlined by order: the compiler does it by itself only where its profile shows these paths,
/// which it need not in a large program; and one that is compiled ahead of time has no profile.</para>
/// </remarks>
internal sealed class TimingWheel
{
    /// <summary>The slot of a target whose timer is not in a wheel.</summary>
    public const int NotStarted = TimerSlots.None;

    /// <summary>A deadline that is never reached, and what <see cref="NextDeadline"/> says where there is none.</summary>
    public const long Never = long.MaxValue;

    /// <summary>Leeway is counted in these, in nanoseconds.</summary>
    public const long LeewayUnit = 1 << LeewayShift;

    /// <summary>The greatest leeway, in nanoseconds: more than an hour.</summary>
    public const long MaxLeeway = uint.MaxValue * LeewayUnit;

    // More than the slots for each timer in sparse storage, so that it catches up with those who cancel.
    private const int ShrinkStepsPerCancel = 6;

    // Some tens of microseconds. Not with each timer that fires: where all do, the storage is dropped at once, and nothing need have moved.
    private const int ShrinkStepsPerBatch = 1024;

    private const int LeewayShift = 10;
    private const int Levels = 11;

    private readonly TimerBuckets _buckets = new();
    private readonly TimerSlots _slots;
    private readonly int[] _nodes = new int[Levels];
    private readonly int _lists;
    private int _overdue;
    private int _due;

    // What stood behind the timer of the batch that was taken last, if it stands there yet. Lists are in order when they are taken
    // from, and what is started meanwhile is not of this batch: so where it is due, it is the next.
    private int _following;

    // Buckets are found in relation to _placedAt, which follows _now when a batch has been taken.
    private long _now;
    private long _placedAt;
    private long _nextDeadline = Never;
    private long _nextEarliest = Never;
    private bool _isNextKnown = true;

    /// <param name="now">The time from which it starts, in nanoseconds; zero or more.</param>
    public TimingWheel(long now)
    {
        _now = now;
        _placedAt = now;
        _slots = _buckets.Slots;
        _lists = _buckets.AddRoot(level: 0);
        _overdue = TimerBuckets.BucketFor(_lists, level: 0, deadline: 0);
        _due = TimerBuckets.BucketFor(_lists, level: 0, deadline: 1);
        for (int level = 0; level < Levels; level++)
        {
            _nodes[level] = _buckets.AddRoot(level);
        }
    }

    /// <summary>How many timers are started.</summary>
    public int Count => _slots.Count;

    /// <summary>For measurements: how many timers there is memory for.</summary>
    public int Capacity => _slots.Capacity;

    /// <summary>Whether some were started with a deadline that had passed; they are due without any time passing.</summary>
    public bool HasOverdue => _buckets.HeadOf(_overdue) != TimerSlots.None;

    /// <summary>When the earliest of those that are not overdue must fire; <see cref="Never"/> where there is none.</summary>
    public long NextDeadline
    {
        get
        {
            if (!_isNextKnown)
            {
                FindNext();
            }

            return _nextDeadline;
        }
    }

    /// <summary>Starts a timer, or starts it anew.</summary>
    /// <param name="slot">Where it is, or <see cref="NotStarted"/>.</param>
    /// <param name="target">Whose timer it is.</param>
    /// <param name="deadline">When it is due, in nanoseconds; one that has passed is due at the next <see cref="Expire"/>. A negative one, not below <see cref="Nanoseconds.First"/>, has passed by any time.</param>
    /// <param name="leeway">By how much it may fire before the deadline if others fire then, in nanoseconds; what exceeds <see cref="MaxLeeway"/> is not used. Where that is now already, it is due as if its deadline had passed.</param>
    /// <returns>Where it is now, until its target hears otherwise.</returns>
    public int Start(int slot, ITimerTarget target, long deadline, long leeway = 0)
    {
        uint units = (uint)(Math.Min(leeway, MaxLeeway) >> LeewayShift);
        bool isNew = slot == NotStarted;
        ref TimerSlot timer = ref isNew ? ref _slots.Rent(out slot) : ref Unlink(slot);
        timer.Deadline = deadline;
        timer.Leeway = units;
        if (deadline - ((long)units << LeewayShift) <= _now)
        {
            _buckets.Append(_overdue, slot, ref timer);
        }
        else
        {
            Place(slot, ref timer, deadline);
        }

        // Last: the store goes through the garbage collector's write barrier, a call, across which nothing else need be kept then.
        if (isNew)
        {
            timer.Target = target;
        }

        return slot;
    }

    /// <summary>Cancels a started timer, whether it is waiting or due.</summary>
    public void Cancel(int slot)
    {
        _slots.Return(slot, ref Unlink(slot));
        if (_buckets.Shrink(ShrinkStepsPerCancel))
        {
            _following = TimerSlots.None;
        }
    }

    /// <summary>For tests: when a started timer is due, in nanoseconds.</summary>
    public long DeadlineOf(int slot) => _slots[slot].Deadline;

    /// <summary>
    /// Lets time advance and begins the batch of those that are due: the overdue first, then by deadline, equal ones in order of
    /// their start. The batch is to be taken to its end.
    /// </summary>
    /// <param name="now">The time, in nanoseconds. A time before the last one is a clock that was set back; timers that are not due by it wait again.</param>
    public void Expire(long now)
    {
        if (now < _now)
        {
            Rewind(now);
        }

        _now = now;
        _following = TimerSlots.None;
        (_overdue, _due) = (_due, _overdue);
    }

    /// <summary>Takes the next of the batch. What is started from now on, however early, belongs to the next one.</summary>
    public bool TryTakeDue([NotNullWhen(true)] out ITimerTarget? target)
    {
        int index = _buckets.HeadOf(_due);
        if (index == TimerSlots.None && (index = NextDue()) == TimerSlots.None)
        {
            AdvanceTo(_now);
            _buckets.Shrink(ShrinkStepsPerBatch);
            _following = TimerSlots.None;
            target = null;
            return false;
        }

        ref TimerSlot timer = ref Unlink(index);
        _following = timer.Next;
        target = timer.Target!;
        _slots.Return(index, ref timer);
        return true;
    }

    /// <summary>Every target whose timer is started, in no particular order. The wheel must not change meanwhile.</summary>
    public IEnumerable<ITimerTarget> Targets()
    {
        for (int index = 1; index < _slots.End; index++)
        {
            if (_slots[index].Target is { } target)
            {
                yield return target;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LevelOf(long difference) => (int)((uint)BitOperations.Log2((ulong)difference) / TimerBuckets.BitsPerLevel);

    private static long EarliestFiringOf(ref readonly TimerSlot timer) => timer.Deadline - ((long)timer.Leeway << LeewayShift);

    // For a deadline after _now, which then is after _placedAt, too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Place(int index, ref TimerSlot timer, long deadline)
    {
        int level = LevelOf(deadline ^ _placedAt);
        _buckets.Place(TimerBuckets.BucketFor(_nodes[level], level, deadline), index, ref timer);
        if (deadline < _nextDeadline)
        {
            _nextDeadline = deadline;
            _nextEarliest = EarliestFiringOf(ref timer);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref TimerSlot Unlink(int index)
    {
        ref TimerSlot timer = ref _slots[index];
        if (timer.Deadline == _nextDeadline)
        {
            _isNextKnown = false;
        }

        if (index == _following)
        {
            _following = TimerSlots.None;
        }

        _buckets.Remove(ref timer);
        return ref timer;
    }

    private int NextDue()
    {
        // Only where its deadline has passed: what may fire only by its leeway could stand behind what was started meanwhile.
        if (_following != TimerSlots.None && _slots[_following].Deadline <= _now)
        {
            return _following;
        }

        if (_isNextKnown && _nextEarliest > _now)
        {
            return TimerSlots.None;
        }

        int index = FindNext();
        return _nextEarliest <= _now ? index : TimerSlots.None;
    }

    // As long as the next is not known, an earlier one that is started may be taken for it, but is not believed.
    private int FindNext()
    {
        int index = Earliest();
        _isNextKnown = true;
        if (index == TimerSlots.None)
        {
            _nextDeadline = Never;
            _nextEarliest = Never;
            return index;
        }

        ref TimerSlot timer = ref _slots[index];
        _nextDeadline = timer.Deadline;
        _nextEarliest = EarliestFiringOf(ref timer);
        return index;
    }

    private int Earliest()
    {
        foreach (int node in _nodes)
        {
            int index = _buckets.EarliestOf(node);
            if (index != TimerSlots.None)
            {
                return index;
            }
        }

        return TimerSlots.None;
    }

    // Nothing is due, so of the levels below the highest in which the times differ nothing is left. There, and below as long as it
    // leads into nodes, the bucket that time advances into is dissolved.
    private void AdvanceTo(long now)
    {
        long difference = now ^ _placedAt;
        _placedAt = now;
        if (difference == 0)
        {
            return;
        }

        for (int level = LevelOf(difference); level > 0; level--)
        {
            int bucket = TimerBuckets.BucketFor(_nodes[level], level, now);
            if (!_buckets.TakeContent(bucket, out int child, out int next))
            {
                PlaceAll(next);
                return;
            }

            _buckets.RemoveRoot(_nodes[level - 1]);
            _nodes[level - 1] = child;
        }
    }

    private void PlaceAll(int next)
    {
        while (next != TimerSlots.None)
        {
            int index = next;
            ref TimerSlot timer = ref _slots[index];
            next = timer.Next;
            Place(index, ref timer, timer.Deadline);
        }
    }

    // Rare, and so simple: everything is placed anew.
    private void Rewind(long now)
    {
        List<int> indices = [];
        _buckets.CopyTo(_lists, indices);
        foreach (int node in _nodes)
        {
            _buckets.CopyTo(node, indices);
        }

        indices.ForEach(index => _buckets.Remove(ref _slots[index]));
        _now = now;
        _placedAt = now;
        _nextDeadline = Never;
        _nextEarliest = Never;
        _isNextKnown = true;
        foreach (int index in indices)
        {
            ref TimerSlot timer = ref _slots[index];
            if (timer.Deadline <= now)
            {
                _buckets.Append(_overdue, index, ref timer);
            }
            else
            {
                Place(index, ref timer, timer.Deadline);
            }
        }
    }
}
