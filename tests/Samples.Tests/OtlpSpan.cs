namespace Samples.Tests;

/// <summary>A span as it was received: fields of <c>opentelemetry.proto.trace.v1.Span</c>, with its scope.</summary>
internal sealed record OtlpSpan(string Scope, string Name, string TraceId, string SpanId, string ParentId, ulong Kind)
{
    private const int ResourceSpans = 1;
    private const int ScopeSpans = 2;
    private const int Spans = 2;

    public required IReadOnlyDictionary<string, string> Attributes { get; init; }

    public required string[] Events { get; init; }

    /// <summary>The spans of an <c>ExportTraceServiceRequest</c>.</summary>
    public static IEnumerable<OtlpSpan> AllIn(ProtobufMessage request) =>
        from resource in request.Messages(ResourceSpans)
        from scope in resource.Messages(ScopeSpans)
        from span in scope.Messages(Spans)
        select new OtlpSpan(
            scope.Message(1).Text(1), span.Text(5), span.Hex(1), span.Hex(2), span.Hex(4), span.Number(6))
        {
            Attributes = TextsIn(span.Messages(9)),
            Events = [.. span.Messages(11).Select(one => one.Text(2))],
        };

    // A KeyValue has its key in field 1, and in field 2 an AnyValue, whose field 1 is a text.
    private static Dictionary<string, string> TextsIn(IEnumerable<ProtobufMessage> attributes) =>
        attributes.ToDictionary(attribute => attribute.Text(1), attribute => attribute.Message(2).Text(1), StringComparer.Ordinal);
}
