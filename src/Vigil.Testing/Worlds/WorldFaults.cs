namespace Vigil.Testing;

/// <summary>What a world may let go wrong.</summary>
[Flags]
public enum FaultKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A read gets fewer bytes than are there.</summary>
    ShortRead = 1 << 0,

    /// <summary>A write takes fewer bytes than fit.</summary>
    ShortWrite = 1 << 1,

    /// <summary>A descriptor is reported ready and is not, as after a datagram with a wrong checksum: its calls would wait.</summary>
    SpuriousReadiness = 1 << 2,

    /// <summary>A connection is reset by its peer's machine: both ends get <c>ECONNRESET</c>.</summary>
    Reset = 1 << 3,

    /// <summary>The wall clock is set, forward or back, by up to an hour.</summary>
    ClockStep = 1 << 4,

    /// <summary>A loop does not run for up to 100 ms, as if its thread had no processor.</summary>
    Stall = 1 << 5,

    /// <summary>A write finds no room although there is some.</summary>
    Full = 1 << 6,

    /// <summary>Accepting a connection finds no descriptor left (<c>EMFILE</c>).</summary>
    OutOfDescriptors = 1 << 7,

    /// <summary>A datagram is lost.</summary>
    Loss = 1 << 8,

    /// <summary>A datagram arrives twice.</summary>
    Duplicate = 1 << 9,

    /// <summary>A datagram arrives up to 20 ms later, and others overtake it.</summary>
    Reorder = 1 << 10,

    /// <summary>A queue of file changes finds no room and loses some, as if it were full (<c>IN_Q_OVERFLOW</c>).</summary>
    QueueOverflow = 1 << 11,

    /// <summary>Watching a directory finds no watch left (<c>ENOSPC</c>).</summary>
    OutOfWatches = 1 << 12,

    /// <summary>
    /// The second half of a move of a file is queued up to 20 ms after the first, as if the thread that moves it had no processor.
    /// </summary>
    SplitMove = 1 << 13,

    /// <summary>All of them.</summary>
    All = ShortRead | ShortWrite | SpuriousReadiness | Reset | ClockStep | Stall | Full | OutOfDescriptors | Loss | Duplicate | Reorder
        | QueueOverflow | OutOfWatches | SplitMove,
}

/// <summary>
/// The faults of a world. Nothing goes wrong that is not allowed. Of what is allowed each run draws which faults exist in it at all: a run
/// in which only one of them exists finds what a mixture of all hides.
/// </summary>
public sealed class WorldFaults
{
    private readonly World _world;
    private readonly FaultKinds _masked;

    internal WorldFaults(World world, FaultKinds masked)
    {
        _world = world;
        _masked = masked;
    }

    /// <summary>What may go wrong in this run: a part of what was allowed.</summary>
    public FaultKinds Active { get; private set; }

    /// <summary>How rare a fault is: there is one in so many opportunities. 1 or more. Default: 20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int Rarity
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 20;

    /// <summary>How many faults there were.</summary>
    public long Count { get; private set; }

    /// <summary>Allows faults from now on.</summary>
    /// <param name="kinds">Which.</param>
    public void Allow(FaultKinds kinds)
    {
        for (int bit = 1; bit <= (int)FaultKinds.All; bit <<= 1)
        {
            // Drawn for each bit, allowed or not: without one of them a run is otherwise the same.
            bool exists = _world.Random.OneIn(2);
            var kind = (FaultKinds)bit;
            if (exists && (kinds & kind) != FaultKinds.None && (_masked & kind) == FaultKinds.None)
            {
                Active |= kind;
            }
        }
    }

    /// <summary>Forbids all faults from now on: what was hurt must recover.</summary>
    public void Stop() => Active = FaultKinds.None;

    /// <summary>Whether a fault happens here.</summary>
    internal bool Happens(FaultKinds kind)
    {
        if ((Active & kind) == FaultKinds.None || !_world.Random.OneIn(Rarity))
        {
            return false;
        }

        Count++;
        _world.History.Add(HistoryKind.Fault, subject: null, (long)kind);
        return true;
    }
}
