namespace MetricsGateway.Metrics;

/// <summary>
/// The samples of a timer's interval: all of them while there is room, and then a random choice in which each sample received has the
/// same chance (Vitter's algorithm R).
/// </summary>
/// <remarks>
/// The room grows with need, up to a maximum per timer and from a quota for all timers. If the quota is used up, the room stays as it is
/// for the rest of the interval; the choice is then smaller, and equally fair.
/// </remarks>
/// <param name="limit">The maximum number of samples per timer.</param>
/// <param name="quota">The source of room, except for the first <see cref="FreeRoom"/> samples.</param>
/// <param name="random">Makes the choice.</param>
internal sealed class SampleReservoir(SampleLimit limit, Quota quota, Random random)
{
    /// <summary>Samples that every timer may keep, so that no timer is left without any because others have many.</summary>
    public const int FreeRoom = 4;

    private int _maximum = limit.Maximum;
    private double[] _samples = [];
    private int _kept;
    private bool _isFixed;

    /// <summary>How many samples were received in the interval.</summary>
    public long Received { get; private set; }

    /// <summary>Whether every sample received was kept.</summary>
    public bool IsComplete => _kept == Received;

    /// <summary>The kept samples, unordered. They may be sorted in place.</summary>
    public Span<double> Kept => _samples.AsSpan(0, _kept);

    public void Add(double sample)
    {
        if (Received++ == 0 && _maximum != limit.Maximum)
        {
            Resize();
        }

        if (_kept < _samples.Length || TryGrow())
        {
            _samples[_kept++] = sample;
            return;
        }

        long place = random.NextInt64(Received);
        if (place < _kept)
        {
            _samples[place] = sample;
        }
    }

    /// <summary>Removes the samples. The room stays for the next interval, unless this one used little of it.</summary>
    public void Clear()
    {
        int needed = _kept;
        _kept = 0;
        Received = 0;
        _isFixed = false;
        if (_samples.Length > 4 * Math.Max(needed, FreeRoom))
        {
            Release();
        }
    }

    public void Release()
    {
        quota.Return(Math.Max(_samples.Length - FreeRoom, 0));
        _samples = [];
        _kept = 0;
    }

    private void Resize()
    {
        _maximum = limit.Maximum;
        if (_samples.Length > _maximum)
        {
            Release();
        }
    }

    private bool TryGrow()
    {
        if (_isFixed || _samples.Length == _maximum)
        {
            return false;
        }

        int room = Math.Min(Math.Max(2 * _samples.Length, FreeRoom), _maximum);
        int taken = room - Math.Max(_samples.Length, FreeRoom);
        if (taken > 0 && !quota.TryTake(taken))
        {
            // From here on samples are skipped. The room must not grow later, when others return some: later samples would have a better
            // chance.
            _isFixed = true;
            return false;
        }

        Array.Resize(ref _samples, room);
        return true;
    }
}

/// <summary>
/// The maximum number of samples per timer, shared by all timers. A change applies to each timer from its next interval on: within an
/// interval, samples were skipped by the old number, and later ones must have the same chance.
/// </summary>
internal sealed class SampleLimit(int maximum)
{
    public int Maximum { get; set; } = maximum;
}
