using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>Writes a flush in the form of one back end. A worker calls it, first with the interval, then with each series.</summary>
internal interface IFlushWriter
{
    void Begin(in FlushInterval interval);

    void WriteCounter(ReadOnlySpan<byte> key, double count, double rate);

    void WriteGauge(ReadOnlySpan<byte> key, double value);

    void WriteTimer(ReadOnlySpan<byte> key, TimerFigures timer);

    void WriteSet(ReadOnlySpan<byte> key, int count);

    /// <param name="own">The gateway's figures about itself.</param>
    void End(in OwnFigures own);
}

/// <summary>The gateway's figures about itself in a flush.</summary>
/// <param name="Series">The number of series reported.</param>
/// <param name="ComputingMilliseconds">How long the worker took.</param>
/// <param name="Traffic">The traffic of the interval.</param>
internal readonly record struct OwnFigures(long Series, double ComputingMilliseconds, Protocols.TrafficCounts Traffic);
