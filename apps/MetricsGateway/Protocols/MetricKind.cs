namespace MetricsGateway.Protocols;

internal enum MetricKind
{
    Counter,
    Gauge,
    Timer,
    Histogram,
    Distribution,
    Set,
}
