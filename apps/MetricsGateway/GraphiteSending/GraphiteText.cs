using System.Buffers.Text;
using MetricsGateway.Flushing;
using MetricsGateway.Metrics;

namespace MetricsGateway.GraphiteSending;

/// <summary>Writes a flush as lines of Graphite's plaintext protocol, <c>path value timestamp</c>, with statsd's names.</summary>
/// <param name="prefix">The beginning of every name; empty for none.</param>
/// <param name="percentiles">The percentiles of timers.</param>
/// <param name="handover">Takes full blocks.</param>
/// <param name="pool">The source of blocks.</param>
internal sealed class GraphiteText(string prefix, PercentileList percentiles, LineHandover handover, LineBlockPool pool) : IFlushWriter
{
    // A double takes up to 24 characters and a time in seconds up to 20, with two spaces and a newline.
    private const int MaxNumbers = 48;

    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(10);

    private readonly PercentileNames[] _percentiles = PercentileNames.Of(percentiles);
    private readonly GraphitePath _counters = new(prefix, "counters."u8);
    private readonly GraphitePath _gauges = new(prefix, "gauges."u8);
    private readonly GraphitePath _timers = new(prefix, "timers."u8);
    private readonly GraphitePath _sets = new(prefix, "sets."u8);
    private readonly GraphitePath _own = new(prefix, default);
    private readonly byte[] _time = new byte[20];
    private FlushInterval _interval;
    private int _timeLength;
    private LineBlock? _block;

    public void Begin(in FlushInterval interval)
    {
        _block = null;

        // At least half of the time until the next flush is left for the other targets; a server that keeps up costs hardly any time. The
        // last flush is limited by the shutdown.
        handover.Begin(interval.IsLast || interval.UntilNext / 2 > LongestPatience ? LongestPatience : interval.UntilNext / 2);
        _interval = interval;

        // To the nearest second: then intervals of a second or more never share one.
        Utf8Formatter.TryFormat((interval.Stamp + TimeSpan.FromSeconds(0.5)).ToUnixTimeSeconds(), _time, out _timeLength);
    }

    public void WriteCounter(ReadOnlySpan<byte> key, double count, double rate)
    {
        _counters.Set(key);
        Write(_counters, FigureNames.Rate.EncodedUtf8Bytes, rate);
        Write(_counters, FigureNames.Count.EncodedUtf8Bytes, count);
    }

    public void WriteGauge(ReadOnlySpan<byte> key, double value)
    {
        _gauges.Set(key);
        Write(_gauges, default, value);
    }

    public void WriteTimer(ReadOnlySpan<byte> key, TimerFigures timer)
    {
        _timers.Set(key);
        Write(_timers, FigureNames.Count.EncodedUtf8Bytes, timer.Count);
        Write(_timers, FigureNames.CountPs.EncodedUtf8Bytes, timer.CountPerSecond);
        if (timer.IsIdle)
        {
            return;
        }

        Write(_timers, FigureNames.Sum.EncodedUtf8Bytes, timer.Sum);
        Write(_timers, FigureNames.Mean.EncodedUtf8Bytes, timer.Mean);
        Write(_timers, FigureNames.Lower.EncodedUtf8Bytes, timer.Lower);
        Write(_timers, FigureNames.Upper.EncodedUtf8Bytes, timer.Upper);
        Write(_timers, FigureNames.Median.EncodedUtf8Bytes, timer.Median);
        Write(_timers, FigureNames.Std.EncodedUtf8Bytes, timer.StandardDeviation);
        foreach (PercentileFigures part in timer.Percentiles)
        {
            PercentileNames names = _percentiles[part.Index];
            Write(_timers, names.Count.EncodedUtf8Bytes, part.Statistics.Count);
            Write(_timers, names.Mean.EncodedUtf8Bytes, part.Statistics.Mean);
            Write(_timers, names.Bound.EncodedUtf8Bytes, part.Statistics.Bound);
            Write(_timers, names.Sum.EncodedUtf8Bytes, part.Statistics.Sum);
        }

        for (int i = 0; i < timer.BinCounts.Length; i++)
        {
            Write(_timers, "histogram."u8, timer.Bins!.Names[i], timer.BinCounts[i]);
        }
    }

    public void WriteSet(ReadOnlySpan<byte> key, int count)
    {
        _sets.Set(key);
        Write(_sets, FigureNames.Count.EncodedUtf8Bytes, count);
    }

    public void End(in OwnFigures own)
    {
        WriteCounter(OwnCounters.PacketsReceived, own.Traffic.Packets, _interval.PerSecond(own.Traffic.Packets));
        WriteCounter(OwnCounters.MetricsReceived, own.Traffic.Metrics, _interval.PerSecond(own.Traffic.Metrics));
        WriteCounter(OwnCounters.BadLinesSeen, own.Traffic.Rejected, _interval.PerSecond(own.Traffic.Rejected));
        WriteCounter(OwnCounters.DroppedDatagrams, own.Traffic.Drops, _interval.PerSecond(own.Traffic.Drops));
        _own.Set("statsd"u8);
        Write(_own, "numStats"u8, own.Series);
        Write(_own, "graphiteStats.calculationtime"u8, own.ComputingMilliseconds);
        HandOver();
    }

    private void Write(GraphitePath path, ReadOnlySpan<byte> figure, double value) => Write(path, default, figure, value);

    private void Write(GraphitePath path, ReadOnlySpan<byte> group, ReadOnlySpan<byte> figure, double value)
    {
        int longest = path.Name.Length + group.Length + figure.Length + path.Tags.Length + 1 + MaxNumbers;
        if (_block is null || _block.Room < longest)
        {
            HandOver();
            _block = pool.Rent(longest);
        }

        Span<byte> free = _block.Bytes.AsSpan(_block.Length);
        int length = Copy(path.Name, free);
        if (!figure.IsEmpty)
        {
            free[length++] = (byte)'.';
            length += Copy(group, free[length..]);
            length += Copy(figure, free[length..]);
        }

        length += Copy(path.Tags, free[length..]);
        free[length++] = (byte)' ';
        Utf8Formatter.TryFormat(value, free[length..], out int digits);
        length += digits;
        free[length++] = (byte)' ';
        length += Copy(_time.AsSpan(0, _timeLength), free[length..]);
        free[length++] = (byte)'\n';
        _block.Length += length;
        _block.Lines++;
    }

    private void HandOver()
    {
        if (_block is not null)
        {
            handover.Add(_block);
            _block = null;
        }
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> target)
    {
        text.CopyTo(target);
        return text.Length;
    }
}
