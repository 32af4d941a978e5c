using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>Writes what a flush tells in the form of one back end. A worker calls it, first with the interval, then with each
/// series.</summary>
internal interface IFlushWriter
{
    void Begin(in FlushInterval interval);

    void WriteCounter(ReadOnlySpan<byte> key, double count, double rate);

    void WriteGauge(ReadOnlySpan<byte> key, double value);

    void WriteTimer(ReadOnlySpan<byte> key, TimerFigures timer);

    void WriteSet(ReadOnlySpan<byte> key, int count);

    /// <param name="own">What the gateway tells of itself.</param>
    void End(in OwnFigures own);
}

/// <summary>What the gateway tells of itself with a flush.</summary>
/// <param name="Series">How many series it told.</param>
/// <param name="ComputingMilliseconds">How long that took a worker.</param>
/// <param name="Traffic">What came in the interval.</param>
internal readonly record struct OwnFigures(long Series, double ComputingMilliseconds, Protocols.TrafficCounts Traffic);
