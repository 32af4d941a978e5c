namespace MetricsGateway.Metrics;

/// <summary>A bounded supply that several collections draw from, so that senders cannot make memory grow without end.</summary>
internal sealed class Quota(int maximum)
{
    public int Used { get; private set; }

    public bool TryTake()
    {
        if (Used >= maximum)
        {
            return false;
        }

        Used++;
        return true;
    }

    public void Return() => Used--;
}
