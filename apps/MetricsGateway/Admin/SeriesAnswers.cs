using System.Buffers;
using System.Text.Json;
using MetricsGateway.Metrics;

namespace MetricsGateway.Admin;

/// <summary>
/// Answers that cover all series of a kind. There may be a million, so each answer is written step by step, and the caller decides after
/// each step whether to continue at once. A step takes some microseconds and writes some kilobytes.
/// </summary>
/// <remarks>Between two steps series come, go and change, and an interval may end: each series is shown as it is at its turn.</remarks>
internal static class SeriesAnswers
{
    private const int SeriesInStep = 32;
    private const int BytesInStep = 4096;

    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = VisibleText.Json,
    };

    public static IEnumerator<int> WriteCounters(SeriesTable<Counter> counters, IBufferWriter<byte> output) =>
        Write(counters, output, static (writer, counter) => writer.WriteNumberValue(counter.Value));

    public static IEnumerator<int> WriteGauges(SeriesTable<Gauge> gauges, IBufferWriter<byte> output) =>
        Write(gauges, output, static (writer, gauge) => writer.WriteNumberValue(gauge.Value));

    public static IEnumerator<int> WriteTimers(SeriesTable<TimerSummary> timers, IBufferWriter<byte> output) =>
        Write(timers, output, static (writer, timer) =>
        {
            // Showing a timer must not allocate what only an active timer needs.
            timer.TryGetInterval(out TimerInterval? interval);
            writer.WriteStartObject();
            writer.WriteNumber("count"u8, interval?.Count ?? 0);
            writer.WriteNumber("sum"u8, interval?.Sum ?? 0);
            if (interval is { IsIdle: false })
            {
                writer.WriteNumber("lower"u8, interval.Minimum);
                writer.WriteNumber("upper"u8, interval.Maximum);
                writer.WriteNumber("last"u8, interval.Last);
            }

            writer.WriteEndObject();
        });

    /// <summary>A set is shown by its number of values.</summary>
    public static IEnumerator<int> WriteSets(SeriesTable<UniqueSet> sets, IBufferWriter<byte> output) =>
        Write(sets, output, static (writer, set) => writer.WriteNumberValue(set.Count));

    /// <summary>Deletes the selected series in one pass, and reports each, and each name that selected nothing.</summary>
    public static IEnumerator<int> Delete<TSeries>(SeriesTable<TSeries> table, SeriesSelection selection, IBufferWriter<byte> output)
        where TSeries : Series
    {
        AnswerWriter answer = new(output);
        Steps steps = default;
        for (int place = 0; place < table.PlaceCount && !selection.IsEmpty; place++)
        {
            int written = 0;
            if (table.At(place) is { } series && selection.Selects(series.Key))
            {
                table.Delete(series);
                answer.Text("deleted: "u8).Text(VisibleText.Of(series.Key)).EndLine();
                written = series.Key.Length;
            }

            if (steps.IsOverAfter(written))
            {
                yield return place;
            }
        }

        foreach (byte[] name in selection.Unfound)
        {
            answer.Text("metric "u8).Text(VisibleText.Of(name)).Text(" not found\n"u8);
            if (steps.IsOverAfter(name.Length))
            {
                yield return table.PlaceCount;
            }
        }

        answer.EndAnswer();
    }

    private static IEnumerator<int> Write<TSeries>(
        SeriesTable<TSeries> table,
        IBufferWriter<byte> output,
        Action<Utf8JsonWriter, TSeries> writeValue)
        where TSeries : Series
    {
        using Utf8JsonWriter writer = new(output, Options);
        Steps steps = default;
        writer.WriteStartObject();
        for (int place = 0; place < table.PlaceCount; place++)
        {
            int written = 0;
            if (table.At(place) is { } series)
            {
                writer.WritePropertyName(series.Key);
                writeValue(writer, series);
                written = series.Key.Length;
            }

            if (steps.IsOverAfter(written))
            {
                // After this the writer holds none of the output's memory, which may be sent and given back.
                writer.Flush();
                yield return place;
            }
        }

        writer.WriteEndObject();
        writer.Flush();
        AnswerWriter answer = new(output);
        answer.EndLine();
        answer.EndAnswer();
    }

    private struct Steps
    {
        private int _series;
        private int _bytes;

        public bool IsOverAfter(int bytes)
        {
            _series++;
            _bytes += bytes;
            if (_series < SeriesInStep && _bytes < BytesInStep)
            {
                return false;
            }

            this = default;
            return true;
        }
    }
}
