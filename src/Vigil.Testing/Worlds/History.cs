using System.Globalization;

namespace Vigil.Testing;

/// <summary>What an entry of a history is about.</summary>
internal enum HistoryKind : byte
{
    Time,
    Iteration,
    Ready,
    RealReady,
    Work,
    Fault,
    Delivery,
    Read,
    Write,
    Note,
    Continuation,
    Signal,
    ChildEnd,
    Drop,
    Block,
    File,
}

/// <summary>One thing that happened in a world.</summary>
/// <param name="Time">When, in nanoseconds of the monotonic clock.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Subject">The name of the loop, pool or descriptor; null if there is none.</param>
/// <param name="Detail">What of it: a count, a number or a mask.</param>
/// <param name="More">A second detail.</param>
internal readonly record struct HistoryEntry(long Time, HistoryKind Kind, string? Subject, long Detail, long More)
{
    public override string ToString()
    {
        string what = Kind switch
        {
            HistoryKind.Time => "the clock stops here",
            HistoryKind.Iteration => $"{Subject} ran an iteration with {Detail} callbacks",
            HistoryKind.Ready => $"{Subject}: descriptor {Detail} is ready for {(EventSet)More}",
            HistoryKind.RealReady => $"{Subject}: the kernel's descriptor no. {Detail} is ready for {(EventSet)More}",
            HistoryKind.Work => $"{Subject} ran a work item of {(WorkPriority)Detail} priority",
            HistoryKind.Fault => $"fault: {(FaultKinds)Detail}",
            HistoryKind.Delivery => $"{Detail} bytes arrive at {Subject}",
            HistoryKind.Read => $"read of {Subject}: {Detail} bytes, errno {More}",
            HistoryKind.Drop => $"{Detail} bytes find no room at {Subject}",
            HistoryKind.Signal => $"signal {Detail} arrives",
            HistoryKind.ChildEnd => $"child {Subject} ends, {Detail}",
            HistoryKind.Continuation => "the program goes on",
            HistoryKind.Write => $"write to {Subject}: {Detail} bytes, errno {More}",
            _ => Subject ?? "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{Time / 1e9,20:F9} s  {what}");
    }
}

/// <summary>
/// What happened in a world: the last entries as they are, and a hash of all. Two runs of one seed have the same hash after each entry.
/// </summary>
internal sealed class History
{
    private readonly VirtualClock _clock;
    private readonly HistoryEntry[] _ring = new HistoryEntry[256];
    private readonly List<ulong>? _hashes;
    private readonly IReadOnlyList<ulong>? _expected;

    /// <param name="clock">Its clock.</param>
    /// <param name="keepsHashes">Whether a second run is compared with this one.</param>
    /// <param name="expected">The hashes of the first run; null for a run that is not compared.</param>
    public History(VirtualClock clock, bool keepsHashes, IReadOnlyList<ulong>? expected)
    {
        _clock = clock;
        _hashes = keepsHashes ? [] : null;
        _expected = expected;
    }

    /// <summary>How many entries there are.</summary>
    public long Count { get; private set; }

    public ulong Hash { get; private set; } = 0xCBF29CE484222325;

    public IReadOnlyList<ulong> Hashes => _hashes ?? [];

    /// <summary>The number of the first entry that differs from that of the first run; −1 if none has.</summary>
    public long FirstDifference { get; private set; } = -1;

    public void Add(HistoryKind kind, string? subject, long detail = 0, long more = 0)
    {
        HistoryEntry entry = new(_clock.NowNanoseconds, kind, subject, detail, more);
        _ring[Count % _ring.Length] = entry;
        ulong hash = Mix(Mix(Mix(Hash, (ulong)entry.Time), ((ulong)kind << 56) ^ (ulong)detail), (ulong)more);
        foreach (char letter in subject ?? "")
        {
            hash = (hash ^ letter) * 0x100000001B3;
        }

        Hash = hash;
        _hashes?.Add(hash);
        if (_expected is not null && FirstDifference < 0 && (Count >= _expected.Count || _expected[(int)Count] != hash))
        {
            FirstDifference = Count;
            throw new DivergedException();
        }

        Count++;
    }

    /// <summary>The last entries, the oldest first.</summary>
    public IEnumerable<string> Last(int count)
    {
        long last = FirstDifference >= 0 ? FirstDifference + 1 : Count;
        for (long i = Math.Max(last - Math.Min(count, _ring.Length), 0); i < last; i++)
        {
            yield return $"{i,8}  {_ring[i % _ring.Length]}";
        }
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 29);
    }
}

/// <summary>A run is not what the first one with its seed was. Ends the run.</summary>
internal sealed class DivergedException() : Exception("The run differs from the first one with its seed.");
