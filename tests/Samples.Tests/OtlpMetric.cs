namespace Samples.Tests;

/// <summary>A metric as it was received: fields of <c>opentelemetry.proto.metrics.v1.Metric</c>, with its scope.</summary>
internal sealed record OtlpMetric(string Scope, string Name, string Unit, string Kind)
{
    private const int ResourceMetrics = 1;
    private const int ScopeMetrics = 2;
    private const int Metrics = 2;

    /// <summary>The metrics of an <c>ExportMetricsServiceRequest</c>.</summary>
    public static IEnumerable<OtlpMetric> AllIn(ProtobufMessage request) =>
        from resource in request.Messages(ResourceMetrics)
        from scope in resource.Messages(ScopeMetrics)
        from metric in scope.Messages(Metrics)
        select new OtlpMetric(scope.Message(1).Text(1), metric.Text(1), metric.Text(3), KindOf(metric));

    // A sum's field 3 says whether it is monotonic.
    private static string KindOf(ProtobufMessage metric) => metric.Has(5) ? "gauge"
        : metric.Has(9) ? "histogram"
        : metric.Message(7).Number(3) == 1 ? "counter"
        : "up-down counter";
}
