namespace MetricsGateway.Metrics;

/// <summary>
/// The samples of a timer's interval: all of them as long as there is room, and from then on a random choice in which each sample
/// received has the same chance to be (Vitter's algorithm R).
/// </summary>
/// <remarks>
/// The room grows with need, up to a maximum for each timer and out of a quota for all of them. Where the quota is used up, it stays as
/// it is for the rest of the interval; the choice is then a smaller one, and as fair.
/// </remarks>
/// <param name="limit">How many samples each timer keeps at most.</param>
/// <param name="quota">Where room comes from, the first <see cref="FreeRoom"/> samples excepted.</param>
/// <param name="random">Chooses.</param>
internal sealed class SampleReservoir(SampleLimit limit, Quota quota, Random random)
{
    /// <summary>Samples that every timer may keep, so that none is without any because others have many.</summary>
    public const int FreeRoom = 4;

    private int _maximum = limit.Maximum;
    private double[] _samples = [];
    private int _kept;
    private bool _isFixed;

    /// <summary>How many samples the interval has brought.</summary>
    public long Received { get; private set; }

    /// <summary>Whether every sample received was kept.</summary>
    public bool IsComplete => _kept == Received;

    /// <summary>The samples that were kept, in no order. They may be sorted in place.</summary>
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

    /// <summary>Forgets the samples. The room stays for the next interval, unless this one needed little of it.</summary>
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
            // From here on samples are passed over, and one that comes later must not have a better chance because of room that others
            // leave.
            _isFixed = true;
            return false;
        }

        Array.Resize(ref _samples, room);
        return true;
    }
}

/// <summary>
/// How many samples a timer keeps at most. All timers share it. A change counts for each from its next interval on: within one, samples
/// were passed over by the old number, and those that come later must have no other chance.
/// </summary>
internal sealed class SampleLimit(int maximum)
{
    public int Maximum { get; set; } = maximum;
}
