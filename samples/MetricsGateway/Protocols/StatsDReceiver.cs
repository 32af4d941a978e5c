using System.Diagnostics;
using MetricsGateway.Metrics;

namespace MetricsGateway.Protocols;

/// <summary>Receives StatsD lines into the store.</summary>
internal sealed class StatsDReceiver(MetricStore store, ProtocolTotals totals, int maxLineLength)
    : LineReceiver(totals, maxLineLength)
{
    private readonly StatsDParser _parser = new();
    private readonly SeriesKeyBuilder _keys = new();

    protected override RejectionReason Store(ReadOnlySpan<byte> line)
    {
        RejectionReason reason = _parser.Parse(line, out StatsDMetric metric);
        if (reason != RejectionReason.None)
        {
            return reason;
        }

        ReadOnlySpan<byte> key = _keys.Build(metric.Name, metric.Tags, TagSyntax.DogStatsD);
        return metric.Kind switch
        {
            MetricKind.Counter => Count(key, metric),
            MetricKind.Gauge => Gauge(key, metric),
            MetricKind.Timer or MetricKind.Histogram or MetricKind.Distribution => Time(key, metric),
            MetricKind.Set => AddToSet(key, metric),
            _ => throw new UnreachableException(),
        };
    }

    private RejectionReason Count(ReadOnlySpan<byte> key, in StatsDMetric metric)
    {
        if (!store.Counters.TryGetOrAdd(key, out Counter? counter))
        {
            return RejectionReason.TooManyNames;
        }

        foreach (Sample sample in metric.Samples)
        {
            counter.Add(sample.Value, metric.SampleRate);
        }

        return RejectionReason.None;
    }

    private RejectionReason Gauge(ReadOnlySpan<byte> key, in StatsDMetric metric)
    {
        if (!store.Gauges.TryGetOrAdd(key, out Gauge? gauge))
        {
            return RejectionReason.TooManyNames;
        }

        foreach (Sample sample in metric.Samples)
        {
            if (sample.IsSigned)
            {
                gauge.Change(sample.Value);
            }
            else
            {
                gauge.Set(sample.Value);
            }
        }

        return RejectionReason.None;
    }

    private RejectionReason Time(ReadOnlySpan<byte> key, in StatsDMetric metric)
    {
        if (!store.Timers.TryGetOrAdd(key, out TimerSummary? timer))
        {
            return RejectionReason.TooManyNames;
        }

        TimerInterval interval = timer.Interval;
        foreach (Sample sample in metric.Samples)
        {
            interval.Add(sample.Value, metric.SampleRate);
        }

        return RejectionReason.None;
    }

    private RejectionReason AddToSet(ReadOnlySpan<byte> key, in StatsDMetric metric)
    {
        if (!store.Sets.TryGetOrAdd(key, out UniqueSet? set))
        {
            return RejectionReason.TooManyNames;
        }

        return set.TryAdd(metric.SetValue) ? RejectionReason.None : RejectionReason.TooManySetValues;
    }
}
