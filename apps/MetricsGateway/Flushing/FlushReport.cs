using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using MetricsGateway.Metrics;

namespace MetricsGateway.Flushing;

/// <summary>
/// Writes a flush as JSON objects, one per line: first the interval, then each series in order of arrival, then the end.
/// Names come from untrusted senders; JSON's quoting keeps control characters in them from the terminal.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The writer holds nothing but its output, which is memory of this class.")]
internal sealed class FlushReport : IFlushWriter
{
    // From here on doubles are written with an exponent.
    private const double LargestWhole = 1e15;

    // Memory that one large flush needed is given back when later flushes need much less.
    private const int SmallRoom = 1 << 20;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = VisibleText.Json,
        SkipValidation = true,
    };

    private readonly PercentileNames[] _percentiles;
    private readonly int _limit;
    private ReportBuffer _output;
    private Utf8JsonWriter _writer;
    private long _number;
    private long _written;
    private long _leftOut;

    /// <param name="percentiles">The percentiles of timers.</param>
    /// <param name="limit">How many bytes of series to write; series that do not fit are counted.</param>
    public FlushReport(PercentileList percentiles, int limit = 64 << 20)
    {
        _percentiles = PercentileNames.Of(percentiles);
        _limit = limit;
        _output = new ReportBuffer(limit);
        _writer = new Utf8JsonWriter(_output, Options);
    }

    /// <summary>Valid until the next flush is written.</summary>
    public ReadOnlyMemory<byte> Text => _output.Written;

    /// <summary>The capacity in bytes.</summary>
    public int Room => _output.Capacity;

    /// <summary>Gives back the memory that a large flush needed, and its text with it; no thread may be reading that text.</summary>
    public void GiveBack()
    {
        if (Room > SmallRoom)
        {
            ((IDisposable)_output).Dispose();
            _output = new ReportBuffer(_limit);
            _writer = new Utf8JsonWriter(_output, Options);
        }
    }

    public void Begin(in FlushInterval interval)
    {
        if (_output.Count < _output.Capacity / 8)
        {
            GiveBack();
        }

        _output.Clear();
        _number = interval.Number;
        _written = 0;
        _leftOut = 0;

        StartLine();
        _writer.WriteNumber("flush"u8, interval.Number);
        _writer.WriteString("time"u8, interval.End);
        _writer.WriteNumber("seconds"u8, interval.Duration.TotalSeconds);
        _writer.WriteNumber("late_ms"u8, interval.Lateness.TotalMilliseconds);
        _writer.WriteNumber("missed"u8, interval.Missed);
        if (interval.IsLast)
        {
            _writer.WriteBoolean("last"u8, value: true);
        }

        EndLine();
    }

    public void WriteCounter(ReadOnlySpan<byte> key, double count, double rate)
    {
        if (TryStart("counter"u8, key))
        {
            Write(FigureNames.Count, count);
            Write(FigureNames.Rate, rate);
            EndLine();
        }
    }

    public void WriteGauge(ReadOnlySpan<byte> key, double value)
    {
        if (TryStart("gauge"u8, key))
        {
            Write(FigureNames.Value, value);
            EndLine();
        }
    }

    public void WriteTimer(ReadOnlySpan<byte> key, TimerFigures timer)
    {
        if (!TryStart("timer"u8, key))
        {
            return;
        }

        Write(FigureNames.Count, timer.Count);
        Write(FigureNames.CountPs, timer.CountPerSecond);
        if (!timer.IsIdle)
        {
            Write(FigureNames.Sum, timer.Sum);
            Write(FigureNames.Mean, timer.Mean);
            Write(FigureNames.Lower, timer.Lower);
            Write(FigureNames.Upper, timer.Upper);
            Write(FigureNames.Median, timer.Median);
            Write(FigureNames.Std, timer.StandardDeviation);
            foreach (PercentileFigures part in timer.Percentiles)
            {
                PercentileNames names = _percentiles[part.Index];
                Write(names.Count, part.Statistics.Count);
                Write(names.Mean, part.Statistics.Mean);
                Write(names.Bound, part.Statistics.Bound);
                Write(names.Sum, part.Statistics.Sum);
            }

            WriteHistogram(timer);
        }

        EndLine();
    }

    public void WriteSet(ReadOnlySpan<byte> key, int count)
    {
        if (TryStart("set"u8, key))
        {
            Write(FigureNames.Count, count);
            EndLine();
        }
    }

    public void End(in OwnFigures own)
    {
        StartLine();
        _writer.WriteNumber("end"u8, _number);
        _writer.WriteNumber("series"u8, _written);
        if (_leftOut > 0)
        {
            _writer.WriteNumber("left_out"u8, _leftOut);
        }

        EndLine();
    }

    private void WriteHistogram(TimerFigures timer)
    {
        if (timer.Bins is not { } bins)
        {
            return;
        }

        _writer.WriteStartObject(FigureNames.Histogram);
        for (int i = 0; i < bins.Names.Count; i++)
        {
            _writer.WriteNumber(bins.Names[i], (long)timer.BinCounts[i]);
        }

        _writer.WriteEndObject();
    }

    // Most values are whole, and a whole number is written several times as fast as a fraction.
    private void Write(JsonEncodedText name, double value)
    {
        if (Math.Abs(value) < LargestWhole && value == Math.Truncate(value))
        {
            _writer.WriteNumber(name, (long)value);
        }
        else
        {
            _writer.WriteNumber(name, value);
        }
    }

    private bool TryStart(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> key)
    {
        if (_output.Count >= _limit)
        {
            _leftOut++;
            return false;
        }

        StartLine();
        _writer.WriteString(kind, key);
        _written++;
        return true;
    }

    private void StartLine()
    {
        // The writer is made for one value; it is reset for each further one.
        _writer.Reset();
        _writer.WriteStartObject();
    }

    private void EndLine()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        _output.Write("\n"u8);
    }
}
