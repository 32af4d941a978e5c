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
        Totals.DroppedTags += _keys.TakeDroppedTags();
        if (key.IsEmpty)
        {
            return RejectionReason.EmptyName;
        }

        foreach (ref readonly StatsDPart part in metric.Parts)
        {
            reason = part.Kind switch
            {
                MetricKind.Counter => Count(key, metric.SamplesOf(part), part.SampleRate),
                MetricKind.Gauge => Gauge(key, metric.SamplesOf(part)),
                MetricKind.Timer or MetricKind.Histogram or MetricKind.Distribution => Time(key, metric.SamplesOf(part), part.SampleRate),
                MetricKind.Set => AddToSet(key, metric.SetValueOf(part)),
                _ => throw new UnreachableException(),
            };
            if (reason != RejectionReason.None)
            {
                return reason;
            }
        }

        return RejectionReason.None;
    }

    private RejectionReason Count(ReadOnlySpan<byte> key, ReadOnlySpan<Sample> samples, double sampleRate)
    {
        if (!store.Counters.TryGetOrAdd(key, out Counter? counter))
        {
            return ReasonOf(store.Counters.LastRefusal);
        }

        foreach (Sample sample in samples)
        {
            counter.Add(sample.Value, sampleRate);
        }

        return RejectionReason.None;
    }

    private RejectionReason Gauge(ReadOnlySpan<byte> key, ReadOnlySpan<Sample> samples)
    {
        if (!store.Gauges.TryGetOrAdd(key, out Gauge? gauge))
        {
            return ReasonOf(store.Gauges.LastRefusal);
        }

        foreach (Sample sample in samples)
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

    private RejectionReason Time(ReadOnlySpan<byte> key, ReadOnlySpan<Sample> samples, double sampleRate)
    {
        if (!store.Timers.TryGetOrAdd(key, out TimerSummary? timer))
        {
            return ReasonOf(store.Timers.LastRefusal);
        }

        TimerInterval interval = timer.Interval;
        foreach (Sample sample in samples)
        {
            interval.Add(sample.Value, sampleRate);
        }

        return RejectionReason.None;
    }

    private RejectionReason AddToSet(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        // A refused line must leave no name behind, so a new set is created only with its first value.
        if (!store.Sets.TryGet(key, out UniqueSet? set))
        {
            if (!store.TakesSetValues)
            {
                return RejectionReason.TooManySetValues;
            }

            if (!store.Sets.TryGetOrAdd(key, out set))
            {
                return ReasonOf(store.Sets.LastRefusal);
            }
        }

        return set.TryAdd(value) ? RejectionReason.None : RejectionReason.TooManySetValues;
    }
}
