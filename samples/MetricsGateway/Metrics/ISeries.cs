namespace MetricsGateway.Metrics;

/// <summary>What the end of an interval asks of a series.</summary>
internal interface ISeries
{
    /// <summary>Whether nothing has arrived since the interval began.</summary>
    bool IsIdle { get; }

    /// <summary>Ends an interval and begins the next one: what is told by interval starts from nothing, what is not, a gauge, stays.</summary>
    void BeginInterval();

    /// <summary>Returns what it has taken from a quota, because it is deleted.</summary>
    void Release();
}
