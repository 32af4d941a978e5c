namespace MetricsGateway.Metrics;

/// <summary>A bounded supply that several collections share, so that senders cannot make memory grow without limit.</summary>
internal sealed class Quota(int maximum)
{
    /// <summary>May be lowered below the used amount; then nothing is given until enough was returned.</summary>
    public int Maximum { get; set; } = maximum;

    public int Used { get; private set; }

    /// <summary>Whether one more would be given.</summary>
    public bool HasRoom => Used < Maximum;

    /// <returns>False, with nothing taken, if less than that is left.</returns>
    public bool TryTake(int count = 1)
    {
        if (Maximum - Used < count)
        {
            return false;
        }

        Used += count;
        return true;
    }

    public void Return(int count = 1) => Used -= count;
}
