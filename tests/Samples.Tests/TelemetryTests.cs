namespace Samples.Tests;

/// <summary>The sample sends traces and metrics by OTLP, and this is who receives them.</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly OtlpReceiver _receiver = new();

    public void Dispose() => _receiver.Dispose();

    [Fact]
    public void Each_order_is_one_trace_across_the_loop_a_worker_and_a_timer()
    {
        Run();
        ILookup<string, OtlpSpan> traces = _receiver.Spans.ToLookup(span => span.TraceId, StringComparer.Ordinal);
        Assert.Equal(3, traces.Count);
        foreach (IGrouping<string, OtlpSpan> trace in traces)
        {
            OtlpSpan order = Assert.Single(trace, span => span.ParentId.Length == 0);
            Assert.Equal(("order", "Telemetry.Kiosk"), (order.Name, order.Scope));
            OtlpSpan fired = Assert.Single(trace, span => IsCall(span, "fire"));
            OtlpSpan work = Assert.Single(trace, span => span.Name is "vigil.work");
            OtlpSpan[] calls = [.. trace.Where(span => IsCall(span, "call_async"))];
            OtlpSpan timer = Assert.Single(trace, span => span.Name is "vigil.callback");
            Assert.Equal(2, calls.Length);
            Assert.Equal(6, trace.Count());
            Assert.All([fired, work, .. calls], span => Assert.Equal(order.SpanId, span.ParentId));

            OtlpSpan brew = Assert.Single(calls, call => call.Attributes["code.function.name"] is "TelemetrySample.Kiosk.Brew");
            Assert.Equal(brew.SpanId, timer.ParentId);
            Assert.Equal(("timer", "brewing"), (timer.Attributes["vigil.event.kind"], timer.Attributes["vigil.event.name"]));
            Assert.Equal(["poured"], timer.Events);
            Assert.Equal("normal", work.Attributes["vigil.work.priority"]);
            Assert.All([fired, work, timer, .. calls], span => Assert.Equal(
                ("Vigil", 1ul, "kiosk"), (span.Scope, span.Kind, span.Attributes["vigil.manager.name"])));
        }

        static bool IsCall(OtlpSpan span, string kind) =>
            span.Name is "vigil.call" && string.Equals(span.Attributes["vigil.call.kind"], kind, StringComparison.Ordinal);
    }

    [Fact]
    public void The_metrics_have_the_names_kinds_and_units_that_their_page_lists()
    {
        Run();
        HashSet<(string, string, string)> documented = [.. Documented()];
        (string, string, string)[] received =
        [
            .. _receiver.Metrics
                .Where(metric => metric.Scope is "Vigil")
                .Select(metric => (metric.Name, metric.Kind, metric.Unit))
                .Distinct(),
        ];
        Assert.All(received, metric => Assert.Contains(metric, documented));

        // What has had no value, as the steals of a pool, is not sent.
        Assert.Superset(
            new HashSet<(string, string, string)>
            {
                ("vigil.loop.iterations", "counter", "{iteration}"),
                ("vigil.loop.callbacks", "counter", "{callback}"),
                ("vigil.loop.posts", "counter", "{message}"),
                ("vigil.loop.time", "counter", "s"),
                ("vigil.loop.utilization", "gauge", "1"),
                ("vigil.loop.lag", "histogram", "s"),
                ("vigil.timer.lateness", "histogram", "s"),
                ("vigil.pool.items", "counter", "{item}"),
                ("vigil.pool.threads.busy", "up-down counter", "{thread}"),
                ("vigil.pool.wait.duration", "histogram", "s"),
            },
            received.ToHashSet());
    }

    [Fact]
    public void Without_an_address_the_sample_says_what_it_needs()
    {
        (int exitCode, string output, string errors) = Sample.Run("Telemetry", [], new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null });
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("Set OTEL_EXPORTER_OTLP_ENDPOINT", errors, StringComparison.Ordinal);
    }

    // The rows of the table: | `name` | kind, unit | …
    private static IEnumerable<(string Name, string Kind, string Unit)> Documented()
    {
        string page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "metrics.md"));
        foreach (string line in page.Split('\n').Where(line => line.StartsWith("| `vigil.", StringComparison.Ordinal)))
        {
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
            string[] instrument = cells[2].Split(',', 2, StringSplitOptions.TrimEntries);
            if (instrument.Length == 2)
            {
                yield return (cells[1].Trim('`'), instrument[0], instrument[1].Trim('`'));
            }
        }
    }

    private void Run()
    {
        (int exitCode, string output, string errors) = Sample.Run("Telemetry", [], new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _receiver.Endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });
        Assert.Equal("", errors);
        Assert.Equal((0, "espresso: 1\nlungo: 1\nespresso: 2\nsent\n"), (exitCode, output));
        Assert.Empty(_receiver.Refused);
    }
}
