using System.Runtime.CompilerServices;
using Vigil.Timing;

namespace Vigil;

/// <summary>What a loop is doing, published for the watchdog's sampler thread.</summary>
/// <remarks>
/// <para>Writing. Only the loop's thread writes turn, step, subject and start. A phase begins with a null subject and a new turn; the turn
/// is stored last. A ready source's callback stores only its source: a source comes once in a phase, so a pair of turn and source never
/// recurs. Where a subject may recur within a phase (timers of a clock that is set, closures, hooks, injected events) the step is counted,
/// too. Nothing is stored when a callback returns: the next callback or phase follows.</para>
/// <para>Reading. The sampler reads turn, step, subject and start, then turn and step again, until both are unchanged. If it reads between
/// the two stores of a step, the sample mixes a callback and its neighbour. That does no harm: only what two samples find unchanged counts
/// as running, and the second sample finds the mixture gone, unless the kernel stopped the loop's thread right between the stores; but
/// then its next callback is in fact that late.</para>
/// <para>Identity. The subject is published by reference, not as a slot or a token: a callback may remove itself, another source may take
/// its slot, and the callback may then hang. The price is the garbage collector's write barrier.</para>
/// <para>Flagging. The sampler stores a flag, then reads the loop's progress once more. The loop checks for a flag when a callback returns.
/// The one thread that takes the flag handles the end of the callback: nearly always the loop, and the sampler if it finds that the
/// callback had just returned. The loop may find the flag of an earlier callback, whose return the sampler noticed too late; it recognises
/// that by the identity.</para>
/// <para>Sleeping. While the loop is idle it is parked and the sampler sleeps. At the beginning of a phase the loop stores the turn, then
/// checks whether it is parked. The sampler parks the loop, issues a process-wide memory barrier, and then reads the turn. So one of them
/// sees the other, and the loop pays for no fence.</para>
/// </remarks>
internal sealed class LoopProgress
{
    private const long NextTurn = 1L << ProgressSample.PhaseBits;

    private readonly bool _readsClock;
    private readonly Action _attended;
    private readonly Action _wakeSampler;
    private object? _subject;
    private long _turn;
    private long _step;
    private long _started;
    private volatile object? _flagged;
    private volatile bool _isParked;

    /// <param name="readsClock">Whether the loop reads the clock after each callback.</param>
    /// <param name="attended">Called on the loop's thread when a callback has returned and may need attention.</param>
    /// <param name="wakeSampler">Called on the loop's thread when a phase begins while the loop is parked.</param>
    public LoopProgress(bool readsClock, Action attended, Action wakeSampler)
    {
        _readsClock = readsClock;
        _attended = attended;
        _wakeSampler = wakeSampler;
    }

    /// <summary>What the sampler would read now. For the loop.</summary>
    public ProgressSample Here => new(_turn, _step, _subject, _started);

    /// <summary>A phase begins, and ends the one before. Wakes the sampler.</summary>
    public void Begin(LoopPhase phase)
    {
        _subject = null;
        if (_readsClock)
        {
            Volatile.Write(ref _started, MonotonicClock.NowNanoseconds);
        }

        Volatile.Write(ref _turn, ((_turn | (NextTurn - 1)) + 1) | (long)phase);
        if (_isParked)
        {
            _isParked = false;
            _wakeSampler();
        }
    }

    /// <summary>A callback begins. Its subject comes once in this phase.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterOnce(object subject) => _subject = subject;

    /// <summary>A callback begins. Its subject may have had others in this phase.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(object subject)
    {
        _subject = subject;
        Volatile.Write(ref _step, _step + 1);
    }

    /// <summary>The last callback that began has returned or thrown.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave()
    {
        if (_flagged is not null || _readsClock)
        {
            _attended();
        }
    }

    /// <summary>The next callback begins now: for a loop that reads the clock.</summary>
    public void Restart(long now) => Volatile.Write(ref _started, now);

    /// <summary>What the loop is doing. For the sampler.</summary>
    public ProgressSample Read()
    {
        // A loop that is too fast to be read is not stuck, so after some tries any mixture will do.
        const int Tries = 4;
        ProgressSample sample;
        int tries = 0;
        do
        {
            long turn = Volatile.Read(ref _turn);
            long step = Volatile.Read(ref _step);
            object? subject = Volatile.Read(ref _subject);
            sample = new ProgressSample(turn, step, subject, Volatile.Read(ref _started));
        }
        while ((sample.Turn != Volatile.Read(ref _turn) || sample.Step != Volatile.Read(ref _step)) && ++tries < Tries);
        return sample;
    }

    /// <summary>
    /// The sampler flags a callback that is over its budget. False if it has returned meanwhile and the sampler has to handle its end.
    /// </summary>
    /// <param name="flag">The sampler's record of it.</param>
    /// <param name="callback">The callback.</param>
    public bool Flag(object flag, in ProgressSample callback)
    {
        _flagged = flag;
        Interlocked.MemoryBarrier();
        return Read().IsSameCallback(in callback) || !TryTakeFlag(flag);
    }

    /// <summary>Takes a certain flag; false if the other thread has taken it.</summary>
    public bool TryTakeFlag(object flag) => Interlocked.CompareExchange(ref _flagged, null, flag) == flag;

    /// <summary>Takes the flag, if there is one. For the loop.</summary>
    public object? TakeFlag() => _flagged is null ? null : Interlocked.Exchange(ref _flagged, null);

    /// <summary>Sets whether the loop must wake the sampler. For the sampler.</summary>
    public void Park(bool isParked) => _isParked = isParked;
}
