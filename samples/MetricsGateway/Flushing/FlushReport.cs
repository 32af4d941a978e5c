using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>
/// Writes a flush as JSON objects, one a line: first the interval, then each series in the order in which they came, then the end.
/// Names come from strangers, and JSON's quoting keeps what they contain from the terminal.
/// </summary>
internal sealed class FlushReport
{
    // From here on doubles are shown with an exponent.
    private const double LargestWhole = 1e15;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly PercentileNames[] _percentiles;
    private readonly int _limit;
    private readonly ArrayBufferWriter<byte> _output = new();
    private long _written;
    private long _leftOut;

    /// <param name="percentiles">What to tell of timers.</param>
    /// <param name="limit">How many bytes of series to write; what does not fit any more is counted.</param>
    public FlushReport(PercentileList percentiles, int limit = 64 << 20)
    {
        _percentiles = [.. percentiles.Items.Select(percentile => new PercentileNames(percentile))];
        _limit = limit;
    }

    private delegate void WriteValues<TSeries>(Utf8JsonWriter writer, TSeries series, in FlushInterval interval);

    /// <returns>The text, valid until the next one is created.</returns>
    public ReadOnlyMemory<byte> Create(in FlushInterval interval, MetricStore store)
    {
        _output.ResetWrittenCount();
        _written = 0;
        _leftOut = 0;
        using Utf8JsonWriter writer = new(_output, Options);
        WriteStart(writer, interval);
        WriteAll(writer, "counter"u8, store.Counters, interval, static (writer, counter, in interval) =>
        {
            WriteValue(writer, Names.Count, counter.Value);
            WriteValue(writer, Names.Rate, interval.PerSecond(counter.Value));
        });
        WriteAll(writer, "gauge"u8, store.Gauges, interval, static (writer, gauge, in _) => WriteValue(writer, Names.Value, gauge.Value));
        WriteAll(writer, "timer"u8, store.Timers, interval, WriteTimer);
        WriteAll(writer, "set"u8, store.Sets, interval, static (writer, set, in _) => WriteValue(writer, Names.Count, set.Count));
        WriteEnd(writer, interval);
        return _output.WrittenMemory;
    }

    // Most values are whole, and a whole number is written several times as fast as a fraction.
    private static void WriteValue(Utf8JsonWriter writer, JsonEncodedText name, double value)
    {
        if (Math.Abs(value) < LargestWhole && value == Math.Truncate(value))
        {
            writer.WriteNumber(name, (long)value);
        }
        else
        {
            writer.WriteNumber(name, value);
        }
    }

    private void WriteStart(Utf8JsonWriter writer, in FlushInterval interval)
    {
        StartLine(writer);
        writer.WriteNumber("flush"u8, interval.Number);
        writer.WriteString("time"u8, interval.End);
        writer.WriteNumber("seconds"u8, interval.Duration.TotalSeconds);
        writer.WriteNumber("late_ms"u8, interval.Lateness.TotalMilliseconds);
        writer.WriteNumber("missed"u8, interval.Missed);
        if (interval.IsLast)
        {
            writer.WriteBoolean("last"u8, value: true);
        }

        EndLine(writer);
    }

    private void WriteEnd(Utf8JsonWriter writer, in FlushInterval interval)
    {
        StartLine(writer);
        writer.WriteNumber("end"u8, interval.Number);
        writer.WriteNumber("series"u8, _written);
        if (_leftOut > 0)
        {
            writer.WriteNumber("left_out"u8, _leftOut);
        }

        EndLine(writer);
    }

    private void WriteAll<TSeries>(
        Utf8JsonWriter writer,
        ReadOnlySpan<byte> kind,
        SeriesTable<TSeries> table,
        in FlushInterval interval,
        WriteValues<TSeries> writeValues)
        where TSeries : class, ISeries
    {
        foreach ((byte[] key, TSeries series) in table)
        {
            if (!table.IsTold(series))
            {
                continue;
            }

            if (_output.WrittenCount >= _limit)
            {
                _leftOut++;
                continue;
            }

            StartLine(writer);
            writer.WriteString(kind, key);
            writeValues(writer, series, interval);
            EndLine(writer);
            _written++;
        }
    }

    private void WriteTimer(Utf8JsonWriter writer, TimerSummary timer, in FlushInterval interval)
    {
        WriteValue(writer, Names.Count, timer.Count);
        WriteValue(writer, Names.CountPs, interval.PerSecond(timer.Count));
        if (timer.IsIdle)
        {
            return;
        }

        TimerStatistics statistics = new(timer);
        WriteValue(writer, Names.Sum, timer.Sum);
        WriteValue(writer, Names.Mean, statistics.Mean);
        WriteValue(writer, Names.Lower, timer.Minimum);
        WriteValue(writer, Names.Upper, timer.Maximum);
        WriteValue(writer, Names.Median, statistics.Median);
        WriteValue(writer, Names.Std, statistics.StandardDeviation);
        foreach (PercentileNames names in _percentiles)
        {
            if (statistics.TryGet(names.Percentile, out PercentileStatistics part))
            {
                WriteValue(writer, names.Count, part.Count);
                WriteValue(writer, names.Mean, part.Mean);
                WriteValue(writer, names.Bound, part.Bound);
                WriteValue(writer, names.Sum, part.Sum);
            }
        }
    }

    private static void StartLine(Utf8JsonWriter writer)
    {
        // The writer is made for one value; for each further one it starts afresh.
        writer.Reset();
        writer.WriteStartObject();
    }

    private void EndLine(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.Flush();
        _output.Write("\n"u8);
    }

    /// <summary>The names of values, made ready to be written.</summary>
    private static class Names
    {
        public static readonly JsonEncodedText Count = JsonEncodedText.Encode("count"u8);
        public static readonly JsonEncodedText CountPs = JsonEncodedText.Encode("count_ps"u8);
        public static readonly JsonEncodedText Rate = JsonEncodedText.Encode("rate"u8);
        public static readonly JsonEncodedText Value = JsonEncodedText.Encode("value"u8);
        public static readonly JsonEncodedText Sum = JsonEncodedText.Encode("sum"u8);
        public static readonly JsonEncodedText Mean = JsonEncodedText.Encode("mean"u8);
        public static readonly JsonEncodedText Lower = JsonEncodedText.Encode("lower"u8);
        public static readonly JsonEncodedText Upper = JsonEncodedText.Encode("upper"u8);
        public static readonly JsonEncodedText Median = JsonEncodedText.Encode("median"u8);
        public static readonly JsonEncodedText Std = JsonEncodedText.Encode("std"u8);
    }

    /// <summary>The names of a percentile's values.</summary>
    private sealed class PercentileNames(Percentile percentile)
    {
        public Percentile Percentile => percentile;

        public JsonEncodedText Count { get; } = JsonEncodedText.Encode($"count_{percentile.Suffix}");

        public JsonEncodedText Mean { get; } = JsonEncodedText.Encode($"mean_{percentile.Suffix}");

        public JsonEncodedText Bound { get; } = JsonEncodedText.Encode($"{(percentile.IsTop ? "lower" : "upper")}_{percentile.Suffix}");

        public JsonEncodedText Sum { get; } = JsonEncodedText.Encode($"sum_{percentile.Suffix}");
    }
}
