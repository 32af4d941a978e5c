using System.Buffers;
using System.Text.Json;
using MetricsGateway.Metrics;

namespace MetricsGateway.Admin;

/// <summary>Writes series as one JSON object: key to value, in the order of the table.</summary>
internal static class MetricsJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = VisibleText.Json,
    };

    public static void WriteCounters(SeriesTable<Counter> counters, IBufferWriter<byte> output) =>
        Write(counters, output, static (writer, counter) => writer.WriteNumberValue(counter.Value));

    public static void WriteGauges(SeriesTable<Gauge> gauges, IBufferWriter<byte> output) =>
        Write(gauges, output, static (writer, gauge) => writer.WriteNumberValue(gauge.Value));

    public static void WriteTimers(SeriesTable<TimerSummary> timers, IBufferWriter<byte> output) =>
        Write(timers, output, static (writer, timer) =>
        {
            writer.WriteStartObject();
            TimerInterval interval = timer.Interval;
            writer.WriteNumber("count"u8, interval.Count);
            writer.WriteNumber("sum"u8, interval.Sum);
            if (!interval.IsIdle)
            {
                writer.WriteNumber("lower"u8, interval.Minimum);
                writer.WriteNumber("upper"u8, interval.Maximum);
                writer.WriteNumber("last"u8, interval.Last);
            }

            writer.WriteEndObject();
        });

    /// <summary>A set is shown by how many values it has.</summary>
    public static void WriteSets(SeriesTable<UniqueSet> sets, IBufferWriter<byte> output) =>
        Write(sets, output, static (writer, set) => writer.WriteNumberValue(set.Count));

    private static void Write<TSeries>(SeriesTable<TSeries> table, IBufferWriter<byte> output, Action<Utf8JsonWriter, TSeries> writeValue)
        where TSeries : Series
    {
        using Utf8JsonWriter writer = new(output, Options);
        writer.WriteStartObject();
        foreach ((byte[] key, TSeries series) in table)
        {
            writer.WritePropertyName(key);
            writeValue(writer, series);
        }

        writer.WriteEndObject();
    }
}
