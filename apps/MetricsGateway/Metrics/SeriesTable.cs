using System.Diagnostics.CodeAnalysis;

namespace MetricsGateway.Metrics;

/// <summary>Why a series is not created.</summary>
internal enum SeriesRefusal
{
    TooManyNames,
    TooManyBytes,
    Reserved,
}

/// <summary>All series of one kind by key. Looking up an existing one allocates nothing.</summary>
/// <remarks>
/// <para>
/// It grows by one bucket per name (linear hashing; Litwin 1980): it never rehashes all names at once, which would hold up the loop for
/// tens of milliseconds at a million names. Bucket <c>n</c> is split off from the bucket whose number lacks the highest bit of <c>n</c>,
/// so the number of hash bits in use is the length of the bucket count, or one less.
/// </para>
/// <para>
/// Besides the buckets there is a list of places, which a worker can walk while the loop adds to it and deletes from it. In a place the
/// worker finds a series of its interval, nothing, or a later series, which is recognised by its interval. So a free place is reused at
/// once, and there are never more places than the largest number of names at one time.
/// </para>
/// <para>
/// Buckets and series refer to each other by the numbers of places; only the places refer to series. A garbage collection visits every
/// referenced object, and each location in an old object that got a new reference. A new name writes one reference, next to the previous
/// one, instead of one in a bucket anywhere in memory.
/// </para>
/// </remarks>
internal sealed class SeriesTable<TSeries>
    where TSeries : Series
{
    // The place that means "no series".
    private const int Nowhere = -1;

    // The place of the first series of each bucket.
    private readonly ChunkedList<int> _buckets = new();
    private readonly ChunkedList<TSeries?> _places = new();
    private readonly Quota _names;
    private readonly Quota _nameBytes;
    private readonly StoreHalf _half;
    private readonly Func<byte[], TSeries> _create;
    private readonly IReadOnlyList<byte[]> _reserved;
    private readonly Stack<int> _freePlaces = [];

    // Deleted while a worker had their other half, and therefore not released yet.
    private readonly Queue<TSeries> _unreleased = [];
    private uint _mask;
    private bool _isShared;

    /// <param name="names">The quota of names.</param>
    /// <param name="nameBytes">The quota of the keys' bytes.</param>
    /// <param name="half">The half of the current interval.</param>
    /// <param name="create">Makes a series for a key.</param>
    /// <param name="reserved">Keys that no series may have.</param>
    public SeriesTable(Quota names, Quota nameBytes, StoreHalf half, Func<byte[], TSeries> create, IReadOnlyList<byte[]>? reserved = null)
    {
        _names = names;
        _nameBytes = nameBytes;
        _half = half;
        _create = create;
        _reserved = reserved ?? [];
        _buckets.Add(Nowhere);
    }

    public int Count { get; private set; }

    /// <summary>The number of places: those of all series, and the free ones.</summary>
    public int PlaceCount => _places.Count;

    /// <summary>Whether a series is deleted at the end of an interval in which nothing arrived for it.</summary>
    public bool DeletesIdle { get; set; }

    /// <summary>Why the last refused series was refused.</summary>
    public SeriesRefusal LastRefusal { get; private set; }

    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series) =>
        TryFind(key, Utf8Comparer.HashOf(key), out series);

    /// <returns>False if the series is new and may not be created; <see cref="LastRefusal"/> says why.</returns>
    public bool TryGetOrAdd(ReadOnlySpan<byte> key, [NotNullWhen(true)] out TSeries? series)
    {
        int hash = Utf8Comparer.HashOf(key);
        return TryFind(key, hash, out series) || TryAdd(key, hash, out series);
    }

    /// <summary>The series in a place, or null if it is free. A walk of all places may be divided into parts.</summary>
    public TSeries? At(int place) => _places[place];

    /// <summary>Deletes a series that is in the table.</summary>
    public void Delete(TSeries series)
    {
        Unlink(series);
        Count--;
        _places[series.Place] = null;
        _freePlaces.Push(series.Place);
        series.Place = -1;
        _names.Return();
        _nameBytes.Return(series.Key.Length);
        if (_isShared)
        {
            _unreleased.Enqueue(series);
        }
        else
        {
            series.Release();
        }
    }

    /// <summary>Deletes a series for which nothing arrived in the reported interval, unless something has arrived since.</summary>
    public void DeleteIfIdle(TSeries series)
    {
        if (DeletesIdle && series.Place >= 0 && series.IsIdle)
        {
            Delete(series);
        }
    }

    /// <summary>The view that a worker may use until <see cref="EndSnapshot"/>. Taken after the halves have been swapped.</summary>
    public TableSnapshot<TSeries> TakeSnapshot()
    {
        _isShared = true;
        return new TableSnapshot<TSeries>(_places.TakeView(), _half.Other, _half.Interval, DeletesIdle);
    }

    /// <summary>No worker uses the view any more. The series deleted meanwhile can be released by <see cref="ReleaseDeleted"/>.</summary>
    public void EndSnapshot() => _isShared = false;

    /// <summary>Releases the series that were deleted while a worker used the view, one after the other. It must be completed before the
    /// next snapshot.</summary>
    public IEnumerable<int> ReleaseDeleted()
    {
        while (_unreleased.TryDequeue(out TSeries? series))
        {
            series.Release();
            yield return _unreleased.Count;
        }
    }

    private int BucketOf(int hash)
    {
        uint bucket = (uint)hash & _mask;
        return (int)(bucket < (uint)_buckets.Count ? bucket : bucket & (_mask >> 1));
    }

    private bool TryFind(ReadOnlySpan<byte> key, int hash, [NotNullWhen(true)] out TSeries? series)
    {
        int place = _buckets[BucketOf(hash)];
        while (place >= 0)
        {
            TSeries next = _places[place]!;
            if (next.Hash == hash && key.SequenceEqual(next.Key))
            {
                series = next;
                return true;
            }

            place = next.Next;
        }

        series = null;
        return false;
    }

    private bool TryAdd(ReadOnlySpan<byte> key, int hash, [NotNullWhen(true)] out TSeries? series)
    {
        series = null;
        foreach (byte[] reserved in _reserved)
        {
            if (key.SequenceEqual(reserved))
            {
                LastRefusal = SeriesRefusal.Reserved;
                return false;
            }
        }

        if (!_names.TryTake())
        {
            LastRefusal = SeriesRefusal.TooManyNames;
            return false;
        }

        if (!_nameBytes.TryTake(key.Length))
        {
            _names.Return();
            LastRefusal = SeriesRefusal.TooManyBytes;
            return false;
        }

        series = _create(key.ToArray());
        series.Hash = hash;
        series.Place = TakePlace(series);
        ref int bucket = ref _buckets[BucketOf(hash)];
        series.Next = bucket;
        bucket = series.Place;
        Count++;
        if (Count > _buckets.Count)
        {
            SplitBucket();
        }

        return true;
    }

    private void SplitBucket()
    {
        uint added = (uint)_buckets.Count;
        if (added > _mask)
        {
            _mask = (2 * _mask) + 1;
        }

        int source = (int)(added & (_mask >> 1));
        int place = _buckets[source];
        int stays = Nowhere;
        int moves = Nowhere;
        while (place >= 0)
        {
            TSeries series = _places[place]!;
            place = series.Next;
            ref int target = ref ((uint)series.Hash & _mask) == added ? ref moves : ref stays;
            series.Next = target;
            target = series.Place;
        }

        _buckets[source] = stays;
        _buckets.Add(moves);
    }

    private void Unlink(TSeries series)
    {
        ref int link = ref _buckets[BucketOf(series.Hash)];
        if (link == series.Place)
        {
            link = series.Next;
            return;
        }

        TSeries before = _places[link]!;
        while (before.Next != series.Place)
        {
            before = _places[before.Next]!;
        }

        before.Next = series.Next;
    }

    private int TakePlace(TSeries series)
    {
        if (_freePlaces.TryPop(out int free))
        {
            _places[free] = series;
            return free;
        }

        _places.Add(series);
        return _places.Count - 1;
    }
}
