using System.Runtime.CompilerServices;
using Vigil.Timing;

namespace Vigil;

/// <summary>What a loop is doing, for another thread to look at.</summary>
/// <remarks>
/// <para>Writing. The turn, the step, the subject and the start are written by the loop's thread alone. A phase begins with no subject and a new turn, the turn last. A callback
/// among the ready sources stores its source, and nothing else: in one phase a source comes once, so turn and source together are never the same again. Where a
/// subject may come again within a phase (timers of a clock that is set, closures, hooks, injected events) the step is counted, too. Nothing is
/// stored when a callback returns: what follows is the next one, or the next phase.</para>
/// <para>Reading. The sampler reads turn, subject, step and start, and then turn and step again, until both are as before. So what it makes of the loop is at
/// worst a mixture of a callback and its neighbour, when it comes between the two stores of a step. Such a mixture takes part in nothing: only what two
/// samples find unchanged is held to be running, and the second finds the mixture gone, unless the loop's thread was stopped
/// by the kernel right there, when its next callback is in fact as late as that.</para>
/// <para>Identity. The subject is published by reference, not as a slot or a token, since a callback may remove itself, and another source take its slot, and then hang. The price is
/// the garbage collector's write barrier.</para>
/// <para>Flagging. The sampler stores what it found, then looks at the loop once more. The loop, when a callback returns, looks whether something is flagged. Whoever takes the
/// flag away, one alone, deals with the end: nearly always the loop, and otherwise the sampler, when it finds that the callback had just
/// returned. The loop may find the flag of an earlier callback, of which the sampler noticed too late that it had returned; it can tell by the identity.</para>
/// <para>Sleeping. An idle loop is parked, and the sampler sleeps. When the loop begins a phase it stores the turn, then looks whether it is parked. The sampler parks it, makes every
/// thread of the process pass a fence, and then looks at the turn. So one of them sees the other, and the loop pays for no fence.</para>
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
    /// <param name="attended">Called on the loop's thread when a callback has returned and something may have to be done about it.</param>
    /// <param name="wakeSampler">Called on the loop's thread when the loop is parked and a phase begins.</param>
    public LoopProgress(bool readsClock, Action attended, Action wakeSampler)
    {
        _readsClock = readsClock;
        _attended = attended;
        _wakeSampler = wakeSampler;
    }

    /// <summary>What the sampler would see at this moment: for the loop.</summary>
    public ProgressSample Here => new(_turn, _step, _subject, _started);

    /// <summary>A phase begins, and with it the end of the one before. Ends the sampler's sleep.</summary>
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

    /// <summary>A callback begins whose subject comes once in this phase.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EnterOnce(object subject) => _subject = subject;

    /// <summary>A callback begins whose subject may have had others in this phase.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(object subject)
    {
        _subject = subject;
        Volatile.Write(ref _step, _step + 1);
    }

    /// <summary>The callback that began last has returned, or thrown.</summary>
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

    /// <summary>What the loop is doing: for the sampler.</summary>
    public ProgressSample Read()
    {
        // A loop that is too fast to be read is not stuck: after some tries any mixture will do.
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

    /// <summary>The sampler has found a callback to be over its budget. False where it has returned meanwhile and the sampler has to deal with the end.</summary>
    /// <param name="flag">What the sampler knows of it.</param>
    /// <param name="callback">The callback.</param>
    public bool Flag(object flag, in ProgressSample callback)
    {
        _flagged = flag;
        Interlocked.MemoryBarrier();
        return Read().IsSameCallback(in callback) || !TryTakeFlag(flag);
    }

    /// <summary>Takes a certain flag away; false where the other thread has.</summary>
    public bool TryTakeFlag(object flag) => Interlocked.CompareExchange(ref _flagged, null, flag) == flag;

    /// <summary>Takes the flag away, if there is one: for the loop.</summary>
    public object? TakeFlag() => _flagged is null ? null : Interlocked.Exchange(ref _flagged, null);

    /// <summary>The loop is to wake the sampler from now on, or not any more: for the sampler.</summary>
    public void Park(bool isParked) => _isParked = isParked;
}
