using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Vigil.Timing;

/// <summary>
/// A hierarchical timing wheel that fires in exact order. Pure: it reads no clock and wakes nobody.
/// </summary>
/// <remarks>
/// <para>Assumptions. Most timers are cancelled or restarted before they are due, so both must be cheap and leave nothing
/// behind. Many share a few timeouts, so that they are started in the order of their deadlines. There may be a million. A loop must
/// know exactly when the earliest is due, and does not wake up for the wheel's own housekeeping.</para>
/// <para>Placement. Deadlines are 63-bit numbers of nanoseconds, eleven groups of six bits. A timer's level is the highest group in
/// which its deadline differs from the wheel's time, and its bucket there is that group's value. So lower levels are earlier, and
/// within a level lower buckets are. Buckets are found without searching, whether the deadline is a microsecond
/// or a century away. A bucket's list is not sorted. Only when its earliest timer is needed, a short list is sorted and a long one is
/// split by the next six bits (<see cref="TimerBuckets"/>); a timer that is cancelled before costs only two links.</para>
/// <para>When time advances into a bucket, its timers are placed again; if it was split, its node becomes that of the level below.
/// A timer moves down at most once a level, whatever causes it.</para>
/// <para>Timers that may fire at the wheel's current time when they are started, because of a past deadline or a large leeway, wait in a
/// separate list, in order of their start, and come first at the next <see cref="Expire"/>. While a batch of due
/// timers is taken, no time passes for the wheel: what is started meanwhile is later or overdue, and so not part of the batch.</para>
/// <para>Starting and cancelling are force-inlined: the JIT would do it only if its profile shows these paths, which it may not in a large
/// program, and ahead-of-time compilation has no profile.</para>
/// </remarks>
internal sealed class TimingWheel
{
    /// <summary>The slot of a target whose timer is not in a wheel.</summary>
    public const int NotStarted = TimerSlots.None;

    /// <summary>A deadline that is never reached; <see cref="NextDeadline"/> if there is none.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The unit of leeway, in nanoseconds.</summary>
    public const long LeewayUnit = 1 << LeewayShift;

    /// <summary>The greatest leeway, in nanoseconds: more than an hour.</summary>
    public const long MaxLeeway = uint.MaxValue * LeewayUnit;

    // More than the number of slots a timer in sparse storage, so that shrinking keeps up with cancellations.
    private const int ShrinkStepsPerCancel = 6;

    // Takes some tens of microseconds. Not done with each timer that fires: if all fire, the storage is dropped at once without any moves.
    private const int ShrinkStepsPerBatch = 1024;

    private const int LeewayShift = 10;
    private const int Levels = 11;

    private readonly TimerBuckets _buckets = new();
    private readonly TimerSlots _slots;
    private readonly int[] _nodes = new int[Levels];
    private readonly int _lists;
    private int _overdue;
    private int _due;

    // The successor of the timer of the batch that was taken last, if it is still there. Lists are sorted when taken from, and what is
    // started meanwhile is not part of this batch, so if this timer is due, it is the next.
    private int _following;

    // Buckets are relative to _placedAt, which follows _now when a batch has been taken.
    private long _now;
    private long _placedAt;
    private long _nextDeadline = Never;
    private long _nextEarliest = Never;
    private bool _isNextKnown = true;

    /// <param name="now">The initial time in nanoseconds; zero or more.</param>
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

    /// <summary>The number of started timers.</summary>
    public int Count => _slots.Count;

    /// <summary>For measurements: the number of timers that memory is allocated for.</summary>
    public int Capacity => _slots.Capacity;

    /// <summary>Whether timers were started with a past deadline; they are due without any time passing.</summary>
    public bool HasOverdue => _buckets.HeadOf(_overdue) != TimerSlots.None;

    /// <summary>The earliest deadline of those not overdue; <see cref="Never"/> if there is none.</summary>
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

    /// <summary>Starts or restarts a timer.</summary>
    /// <param name="slot">Its slot, or <see cref="NotStarted"/>.</param>
    /// <param name="target">Its target.</param>
    /// <param name="deadline">Its due time in nanoseconds; a past one is due at the next <see cref="Expire"/>. A negative one, not below
    /// <see cref="Nanoseconds.First"/>, has passed at any time.</param>
    /// <param name="leeway">How much before the deadline it may fire if others fire then, in nanoseconds; at most <see cref="MaxLeeway"/>
    /// is used. If that reaches back to now, it is due as if its deadline had passed.</param>
    /// <returns>Its slot, until its target is notified of a move.</returns>
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

        // Last: the store calls the garbage collector's write barrier, and nothing else need be kept across that call then.
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

    /// <summary>For tests: the due time of a started timer, in nanoseconds.</summary>
    public long DeadlineOf(int slot) => _slots[slot].Deadline;

    /// <summary>
    /// Advances time and begins the batch of due timers: the overdue first, then by deadline, equal ones in order of
    /// their start. The batch must be taken to its end.
    /// </summary>
    /// <param name="now">The time, in nanoseconds. If it is earlier than before, the clock was set back; timers not due by it wait
    /// again.</param>
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

    /// <summary>The target of the next timer of the batch, which stays in the wheel; null at the end of the batch.</summary>
    public ITimerTarget? PeekDue()
    {
        int index = _buckets.HeadOf(_due);
        if (index == TimerSlots.None)
        {
            index = NextDue();
        }

        return index == TimerSlots.None ? null : _slots[index].Target;
    }

    /// <summary>Takes the next timer of the batch. Timers started from now on, however early, belong to the next batch.</summary>
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

    /// <summary>The targets of all started timers, in no particular order. The wheel must not change meanwhile.</summary>
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

    // For a deadline after _now, which is then after _placedAt, too.
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
        // Only if its deadline has passed: a timer due only by its leeway could be preceded by one started meanwhile.
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

    // Until the next is known, an earlier timer that is started may be cached as the next, but is not relied on.
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

    // Nothing is due, so no timer is left on the levels below the highest one in which the times differ. On that level, and below as long
    // as it leads into nodes, the bucket that time advances into is dissolved.
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

    // Rare, and so simple: places every timer again.
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
