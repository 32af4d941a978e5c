namespace MetricsGateway.Metrics;

/// <summary>The values of a set's interval.</summary>
internal sealed class UniqueValues
{
    private readonly HashSet<byte[]> _values = new(Utf8Comparer.Instance);
    private readonly HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;
    private readonly Quota _quota;

    public UniqueValues(Quota quota)
    {
        _bySpan = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
        _quota = quota;
    }

    public int Count => _values.Count;

    /// <summary>How many values its memory has room for.</summary>
    public int Room => _values.Capacity;

    /// <returns>False if the value is new and the limit of values is reached.</returns>
    public bool TryAdd(ReadOnlySpan<byte> value)
    {
        if (_bySpan.Contains(value))
        {
            return true;
        }

        return _quota.TryTake() && _bySpan.Add(value);
    }

    /// <summary>Forgets the values, and returns them to the quota.</summary>
    public void Clear()
    {
        int count = _values.Count;
        _quota.Return(count);
        _values.Clear();

        // The table that held many values once is memory that no quota counts any more.
        if (_values.Capacity > 4 * Math.Max(count, 4))
        {
            try
            {
                _values.TrimExcess(count);
            }
            catch (OutOfMemoryException)
            {
                // A smaller table is a new one. Without room for it the large one stays; it is as empty, and so will the sets after this one be.
            }
        }
    }
}
