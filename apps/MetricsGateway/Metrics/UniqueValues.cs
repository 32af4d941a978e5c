namespace MetricsGateway.Metrics;

/// <summary>The values of a set's interval. Only their number is needed, so each is kept as a hash, and a long value takes no more than a
/// short one.</summary>
/// <remarks>
/// A set of many values is divided into many small tables by the hash. One large table would be copied as a whole whenever it is full,
/// which would hold up the loop for tens of milliseconds at a million values.
/// </remarks>
/// <param name="quota">The quota of values.</param>
internal sealed class UniqueValues(Quota quota)
{
    // A table of this size is copied within a tenth of a millisecond.
    private const int LargestTable = 4096;
    private const int TableCount = 256;

    private static readonly ValueHashKey Key = ValueHashKey.Create();

    private HashSet<ValueHash>[] _tables = [[]];

    public int Count { get; private set; }

    /// <summary>The number of values that fit into its memory.</summary>
    public int Room => _tables.Sum(table => table.Capacity);

    /// <returns>False if the value is new and the limit of values is reached.</returns>
    public bool TryAdd(ReadOnlySpan<byte> value)
    {
        var hash = ValueHash.Of(value, Key);
        HashSet<ValueHash> table = TableOf(hash);
        if (table.Contains(hash))
        {
            return true;
        }

        if (!quota.TryTake())
        {
            return false;
        }

        table.Add(hash);
        Count++;
        if (Count > LargestTable && _tables.Length == 1)
        {
            Divide();
        }

        return true;
    }

    /// <summary>Removes the values, and returns them to the quota.</summary>
    public void Clear()
    {
        int count = Count;
        quota.Return(count);
        Count = 0;

        // Memory that many values needed once is not counted by any quota.
        if (Room > 4 * Math.Max(count, 4))
        {
            _tables = [[]];
            return;
        }

        foreach (HashSet<ValueHash> table in _tables)
        {
            table.Clear();
        }
    }

    /// <summary>As <see cref="Clear"/>, in the same short time for any number of values. No memory is kept.</summary>
    public void Release()
    {
        quota.Return(Count);
        Count = 0;
        _tables = [[]];
    }

    // By bits of the hash that the tables themselves do not use.
    private HashSet<ValueHash> TableOf(ValueHash hash) => _tables[(int)(hash.High & (uint)(_tables.Length - 1))];

    private void Divide()
    {
        HashSet<ValueHash> all = _tables[0];
        _tables = new HashSet<ValueHash>[TableCount];
        for (int i = 0; i < TableCount; i++)
        {
            _tables[i] = [];
        }

        foreach (ValueHash hash in all)
        {
            TableOf(hash).Add(hash);
        }
    }
}
